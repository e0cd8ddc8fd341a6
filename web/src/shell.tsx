import { ActionIcon, AppShell, Alert, Burger, Button, Group, Menu, NavLink, ScrollArea, Text, useMantineColorScheme } from '@mantine/core'
import { IconBell, IconCode, IconDeviceDesktop, IconFileCode, IconKey, IconLanguage, IconLayoutDashboard, IconListDetails, IconLogout, IconMoon, IconPackages, IconServer, IconShieldLock, IconSun, IconUser, IconUsers, IconAppWindow } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import type { SessionInfo } from '../../src/model/api/access.ts'
import type { AppCard } from '../../src/model/api/overview.ts'
import { followServer, useConnection } from './api/live.ts'
import { signOut, useOverview } from './api/queries.ts'
import { Brand } from './components/brand.tsx'
import { leave } from './components/leave-guard.tsx'
import { Name } from './components/name.tsx'
import { StateIcon } from './components/state-mark.tsx'
import { byGravity } from './format/gravest.ts'
import { languages, setLanguage } from './i18n/index.ts'
import type { Language } from './i18n/index.ts'

type User = NonNullable<SessionInfo['user']>

/** The frame of every page: where one can go, who is signed in, and whether the page is still told what happens. */
export function Shell({ user, version, children }: { readonly user: User; readonly version: string; readonly children: ReactNode }): ReactElement {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  const [location] = useLocation()
  useEffect(followServer, [])
  useEffect(() => {
    setOpen(false)
    // A reader of the screen hears where one has come to; not at the first page, where the browser does it.
    if (document.activeElement !== document.body) document.getElementById('main')?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [location])
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 248, breakpoint: 'sm', collapsed: { mobile: !isOpen } }} padding={{ base: 'md', sm: 'lg' }}>
      <a className="skip-link" href="#main" onClick={(event) => {
        // With a base address a bare fragment would lead to another page.
        event.preventDefault()
        document.getElementById('main')?.focus()
      }}
      >{t('nav.skip')}</a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={() => setOpen((before) => !before)} hiddenFrom="sm" size="sm" aria-label={t('nav.menu')} aria-expanded={isOpen} />
            <Link href="/" className="brand"><Brand />Holdfast</Link>
          </Group>
          <Group gap={4} wrap="nowrap">
            <LanguageMenu />
            <ColourMenu />
            <UserMenu user={user} version={version} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t('nav.label')}>
        <Navigation user={user} location={location} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} style={{ outline: 'none' }}>
        <div className="page">
          <Freshness version={version} />
          {children}
        </div>
      </AppShell.Main>
    </AppShell>
  )
}

function Navigation({ user, location }: { readonly user: User; readonly location: string }): ReactElement {
  const { t } = useTranslation()
  const { data } = useOverview()
  const link = (href: string, label: ReactNode, icon: ReactNode): ReactElement => (
    <NavLink key={href} component={Link} href={href} label={label} leftSection={icon} active={href === '/' ? location === '/' : location === href || location.startsWith(`${href}/`)} aria-current={location === href ? 'page' : undefined} variant="light" style={{ borderRadius: 'var(--mantine-radius-md)' }} />
  )
  const size = { size: 18, stroke: 1.7, 'aria-hidden': true } as const
  return (
    <>
      <AppShell.Section grow component={ScrollArea} type="auto" viewportProps={{ tabIndex: -1 }}>
        {link('/', t('nav.overview'), <IconLayoutDashboard {...size} />)}
        <Heading>{t('nav.apps')}</Heading>
        {data === undefined ? null : namedApps(data.apps, location).map((app) => link(`/apps/${encodeURIComponent(app.name)}`, <><Name>{app.name}</Name><span className="visually-hidden">{` (${t(`state.${app.status.state}`)})`}</span></>, <StateIcon state={app.status.state} />))}
        {data !== undefined && data.apps.length > appsListed ? link('/', t('nav.allApps', { count: data.apps.length }), <IconListDetails {...size} />) : null}
        {data?.apps.length === 0 ? <Text size="sm" className="quiet" px="sm">{t('nav.noApps')}</Text> : null}
        {user.role === 'admin' ? (
          <>
            <Heading>{t('nav.settings')}</Heading>
            {link('/settings/applications', t('settings.applications'), <IconPackages {...size} />)}
            {link('/settings/destinations', t('settings.destinations'), <IconServer {...size} />)}
            {link('/settings/notifications', t('settings.notifications'), <IconBell {...size} />)}
            {link('/settings/file', t('settings.file'), <IconFileCode {...size} />)}
            <Heading>{t('nav.access')}</Heading>
            {link('/settings/accounts', t('settings.accounts'), <IconUsers {...size} />)}
            {link('/settings/tokens', t('settings.tokens'), <IconKey {...size} />)}
            {link('/settings/audit', t('settings.audit'), <IconListDetails {...size} />)}
          </>
        ) : null}
        <Heading>{t('nav.more')}</Heading>
        {link('/settings/account', t('settings.account'), <IconShieldLock {...size} />)}
        {link('/widgets', t('nav.widgets'), <IconAppWindow {...size} />)}
      </AppShell.Section>
    </>
  )
}

/** A list of hundreds is no help: then those that need somebody first, and the one that is looked at. */
const appsListed = 25

function namedApps(apps: readonly AppCard[], location: string): readonly AppCard[] {
  const isOpen = ({ name }: AppCard): boolean => location.startsWith(`/apps/${encodeURIComponent(name)}`)
  const shown = apps.length <= appsListed ? apps : byGravity(apps).filter((app, index) => index < appsListed || isOpen(app))
  return shown.toSorted((a, b) => a.name.localeCompare(b.name))
}

function Heading({ children }: { readonly children: ReactNode }): ReactElement {
  return <Text size="xs" fw={650} className="quiet" px="sm" pt="md" pb={4}>{children}</Text>
}

function LanguageMenu(): ReactElement {
  const { t, i18n } = useTranslation()
  return (
    <Menu position="bottom-end">
      <Menu.Target><ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('nav.language')}><IconLanguage size={20} aria-hidden="true" /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        {Object.entries(languages).map(([code, name]) => (
          <Menu.Item key={code} lang={code} onClick={() => void setLanguage(code as Language)} rightSection={i18n.language === code ? '✓' : undefined} aria-current={i18n.language === code ? true : undefined}>{name}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function ColourMenu(): ReactElement {
  const { t } = useTranslation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const choices = [['light', IconSun], ['dark', IconMoon], ['auto', IconDeviceDesktop]] as const
  return (
    <Menu position="bottom-end">
      <Menu.Target><ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('nav.colours')}>{colorScheme === 'dark' ? <IconMoon size={20} aria-hidden="true" /> : <IconSun size={20} aria-hidden="true" />}</ActionIcon></Menu.Target>
      <Menu.Dropdown>
        {choices.map(([scheme, Icon]) => <Menu.Item key={scheme} leftSection={<Icon size={16} aria-hidden="true" />} onClick={() => setColorScheme(scheme)} rightSection={colorScheme === scheme ? '✓' : undefined}>{t(`colours.${scheme}`)}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  )
}

function UserMenu({ user, version }: { readonly user: User; readonly version: string }): ReactElement {
  const { t } = useTranslation()
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target><Button variant="subtle" color="gray" px="xs" leftSection={<IconUser size={18} aria-hidden="true" />} aria-label={t('nav.account', { name: user.name })}><Text span truncate maw={110} visibleFrom="xs" size="sm"><Name>{user.name}</Name></Text></Button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t(`role.${user.role}`)} · Holdfast {version}</Menu.Label>
        <Menu.Item component={Link} href="/settings/account" leftSection={<IconShieldLock size={16} aria-hidden="true" />}>{t('settings.account')}</Menu.Item>
        <Menu.Item component={Link} href="/widgets" leftSection={<IconCode size={16} aria-hidden="true" />}>{t('nav.widgets')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden="true" />} onClick={() => leave(() => void signOut(), true)}>{t('nav.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** Says so when the page may be out of date, or the server is another version than the page. */
function Freshness({ version }: { readonly version: string }): ReactElement | null {
  const { t } = useTranslation()
  const connection = useConnection()
  const [first] = useState(version)
  if (first !== version) {
    return <Alert mb="md" color="blue" role="status" title={t('fresh.newVersion', { version })}><Button size="xs" onClick={() => location.reload()}>{t('fresh.reload')}</Button></Alert>
  }
  return connection === 'lost' ? <Alert mb="md" color="yellow" role="status" title={t('fresh.lost')}>{t('fresh.lostHint')}</Alert> : null
}
