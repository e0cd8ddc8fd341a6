import { Button, Code, ColorInput, Group, Select, SimpleGrid, Stack, Switch, Tabs, Text, TextInput, Title } from '@mantine/core'
import { IconAppWindow, IconKey } from '@tabler/icons-react'
import { useDeferredValue, useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { looks } from '../../widget/tile-params.ts'
import { useOverview } from '../api/queries.ts'
import { Blank } from '../components/blank.tsx'
import { CopyButton } from '../components/command-line.tsx'
import { PageTitle } from '../components/page-title.tsx'
import { useCan } from '../components/use-can.ts'
import { badgeSnippet, elementSnippet, frameSnippet, tileAddress } from '../format/widget-snippet.ts'
import { NewTokenDialog } from './settings/new-token.tsx'

/** Makes the snippet that shows an application's state in another page. */
export function Widgets(): ReactElement {
  const { t } = useTranslation()
  const { data } = useOverview()
  const isAdmin = useCan('admin')
  const [chosenApp, setApp] = useState<string>()
  const [token, setToken] = useState('')
  const [isAdding, setAdding] = useState(false)
  const [choices, setChoices] = useState<Readonly<Record<string, string>>>({})
  const app = chosenApp ?? data?.apps[0]?.name
  const server = new URL('.', document.baseURI).href
  // A frame is loaded anew at each change; not at each letter.
  const shown = useDeferredValue(choices)
  const title = <PageTitle name={t('nav.widgets')} title={t('nav.widgets')} below={t('widgets.text')} />
  if (app === undefined) return <>{title}<div className="panel"><Blank icon={<IconAppWindow />} title={t('overview.emptyTitle')} /></div></>
  const set = (name: string, value: string): void => setChoices((before) => ({ ...before, [name]: value }))
  const place = { server, app, token }
  const badge = badgeSnippet(place, choices)
  return (
    <>
      {title}
      <div className="browse">
        <Stack gap="md" className="panel">
          <Select label={t('widgets.app')} data={(data?.apps ?? []).map(({ name }) => name)} value={app} onChange={(next) => setApp(next ?? undefined)} allowDeselect={false} />
          <Group align="flex-end"><TextInput label={t('widgets.token')} description={t('widgets.tokenHint')} value={token} onChange={({ currentTarget }) => setToken(currentTarget.value)} spellCheck={false} autoComplete="off" style={{ flex: '1 1 14rem' }} />{isAdmin ? <Button variant="light" leftSection={<IconKey size={16} aria-hidden="true" />} onClick={() => setAdding(true)}>{t('widgets.newToken')}</Button> : null}</Group>
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <Select label={t('nav.language')} data={[{ value: '', label: t('widgets.ofPage') }, { value: 'en', label: 'English' }, { value: 'it', label: 'Italiano' }, { value: 'fr', label: 'Français' }]} value={choices['lang'] ?? ''} onChange={(next) => set('lang', next ?? '')} allowDeselect={false} />
            <Select label={t('widgets.form')} data={[{ value: '', label: t('widgets.desktop') }, { value: 'mobile', label: t('widgets.mobile') }]} value={choices['form'] ?? ''} onChange={(next) => set('form', next ?? '')} allowDeselect={false} />
            <Select label={t('nav.colours')} data={[{ value: '', label: t('colours.auto') }, { value: 'light', label: t('colours.light') }, { value: 'dark', label: t('colours.dark') }]} value={choices['theme'] ?? ''} onChange={(next) => set('theme', next ?? '')} allowDeselect={false} />
            <TextInput label={t('widgets.label')} placeholder={app} value={choices['label'] ?? ''} onChange={({ currentTarget }) => set('label', currentTarget.value)} />
            <Select label={t('widgets.loader')} data={['1', '2', '3', '4']} value={choices['loader-style'] ?? '1'} onChange={(next) => set('loader-style', next === '1' || next === null ? '' : next)} allowDeselect={false} />
            <TextInput label={t('widgets.stale')} placeholder="5" inputMode="numeric" value={choices['stale-minutes'] ?? ''} onChange={({ currentTarget }) => set('stale-minutes', currentTarget.value)} />
          </SimpleGrid>
          <Title order={2}>{t('widgets.looks')}</Title>
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            {Object.entries(looks).map(([look, { names: [name], kind }]) => {
              const label = t(`look.${look as keyof typeof looks}`)
              return kind === 'color'
                ? <ColorInput key={name} label={label} description={<Code>{name}</Code>} value={choices[name] ?? ''} onChange={(value) => set(name, value)} placeholder={t('form.standard')} format="hexa" eyeDropperButtonProps={{ 'aria-label': t('widgets.pick') }} />
                : <TextInput key={name} label={label} description={<Code>{name}</Code>} value={choices[name] ?? ''} onChange={({ currentTarget }) => set(name, currentTarget.value)} placeholder="12px" />
            })}
          </SimpleGrid>
          <Switch label={t('widgets.debug')} checked={choices['debug'] === 'true'} onChange={({ currentTarget }) => set('debug', currentTarget.checked ? 'true' : '')} />
        </Stack>
        <Stack gap="md">
          <section className="panel" aria-labelledby="preview-title">
            <Title order={2} id="preview-title" mb="sm">{t('widgets.preview')}</Title>
            <iframe className="widget-frame" src={tileAddress(place, shown)} title={t('widgets.preview')} />
            <Group mt="sm"><img src={badge.address} alt={t('widgets.badge')} /></Group>
          </section>
          <Tabs defaultValue="frame" className="panel">
            <Tabs.List mb="sm"><Tabs.Tab value="frame">iframe</Tabs.Tab><Tabs.Tab value="element">{'<holdfast-tile>'}</Tabs.Tab><Tabs.Tab value="badge">{t('widgets.badge')}</Tabs.Tab></Tabs.List>
            <Tabs.Panel value="frame"><Snippet text={frameSnippet(place, choices, `${t('kind.backup')}: ${app}`)} /><Text size="sm" className="quiet" mt="xs">{t('widgets.frameHint')}</Text></Tabs.Panel>
            <Tabs.Panel value="element"><Snippet text={elementSnippet(place, choices)} /><Text size="sm" className="quiet" mt="xs">{t('widgets.elementHint')}</Text></Tabs.Panel>
            <Tabs.Panel value="badge"><Snippet text={badge.markdown} /></Tabs.Panel>
          </Tabs>
          {token === '' ? <Text size="sm" className="quiet">{t('widgets.noToken')}</Text> : null}
        </Stack>
      </div>
      {isAdding ? <NewTokenDialog start={{ kind: 'widget', name: `widget ${app}`, apps: [app] }} onCreated={({ text }) => setToken(text)} onClose={() => setAdding(false)} /> : null}
    </>
  )
}

function Snippet({ text }: { readonly text: string }): ReactElement {
  const { t } = useTranslation()
  return <div className="snippet"><pre tabIndex={0}>{text}</pre><CopyButton text={text} label={t('action.copy')} /></div>
}
