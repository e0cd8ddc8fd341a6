import { Alert, Button, Checkbox, Group, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearchOff } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Discovered, Discovery, TestPlace } from '../../../src/model/api/settings.ts'
import { get, post } from '../api/request.ts'
import { useConfig, usePatchConfig, valuesOf } from '../api/use-config.ts'
import { Blank } from '../components/blank.tsx'
import { CommandLine } from '../components/command-line.tsx'
import { Name } from '../components/name.tsx'
import { PageTitle } from '../components/page-title.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { addApplications } from '../format/add-applications.ts'
import { isObject } from '../format/json-value.ts'
import { otherPlace } from '../format/other-place.ts'
import { placeGroups, withTested } from '../format/place-groups.ts'
import { visibleText } from '../format/visible-name.ts'
import { WelcomeAdded } from './welcome-added.tsx'
import { WelcomePlaces } from './welcome-places.tsx'

const typingMs = 400

/** Finds applications on this machine, and adds those that are chosen to the configuration once it was said where their backups go. */
export function Welcome(): ReactElement {
  const { t } = useTranslation()
  const config = useConfig()
  // Of the same text that is changed: who is told where configured applications go must be all of them.
  const found = useQuery({ queryKey: ['discover', '', config.data?.etag], queryFn: ({ signal }) => get<Discovery>('api/discover', signal), enabled: config.data !== undefined, staleTime: 0 })
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const [own, setOwn] = useState('')
  const [schedule, setSchedule] = useState(true)
  const [unpicked, setUnpicked] = useState<ReadonlySet<string>>(new Set())
  const [other, setOther] = useState('')
  const [tried, setTried] = useState('')
  const [added, setAdded] = useState<readonly string[]>([])
  const patch = usePatchConfig()

  const ownFolder = own.trim()
  const isBad = ownFolder !== '' && !ownFolder.startsWith('/')
  const looked = useOwnFolder(isBad ? '' : ownFolder)
  const problem = found.error ?? config.error
  const list = found.data?.applications ?? []
  const chosen = list.filter(({ root }) => !left.has(root) && root !== looked.app?.root)
  const apps = looked.app === undefined ? chosen : [...chosen, looked.app]

  const otherFolder = other.trim()
  const roots = apps.map(({ root }) => root)
  const test = useQuery({ queryKey: ['test-place', tried, roots], queryFn: async () => await post<TestPlace>('api/config/test-place', { place: tried, roots }), enabled: tried !== '' && tried === otherFolder && apps.length > 0, staleTime: 0 })
  const tested = tried === otherFolder && tried !== '' ? test.data : undefined
  const isOther = tested?.ok === true

  const values = config.data === undefined ? {} : valuesOf(config.data.text)
  const vaults = isObject(values['vaults']) && Object.keys(values['vaults']).length > 0 ? apps[0]?.places ?? [] : []
  const picked = vaults.filter(({ name }) => !unpicked.has(name)).map(({ name }) => name)
  const extra = isOther ? otherPlace(otherFolder, vaults, found.data?.following ?? []) : undefined
  const goesTo = extra?.vault !== undefined ? [...new Set([...picked, extra.vault])] : picked.length < vaults.length ? picked : undefined
  const isReady = config.data?.writable === true && found.data !== undefined && apps.length > 0 && (ownFolder === '' || looked.app !== undefined) && (otherFolder === '' || isOther) && (vaults.length === 0 || picked.length > 0 || isOther)

  const submit = (): void => {
    if (!isReady || config.data === undefined) return
    const taken = isObject(values['apps']) ? Object.keys(values['apps']) : []
    const changes = addApplications({ found: chosen, ownFolder, isDaily: schedule, taken, vaults: goesTo })
    patch.mutate({ etag: config.data.etag, changes: [...extra?.changes ?? [], ...changes] }, { onSuccess: () => setAdded(changes.map(({ path }) => String(path[1]))) })
  }
  if (added.length > 0) return <WelcomeAdded names={added} isDaily={schedule} />
  return (
    <>
      <PageTitle name={t('welcome.title')} title={t('welcome.title')} below={t('welcome.text')} />
      <form onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      >
        <Stack gap="md">
          <ProblemAlert problem={problem} onRetry={() => void (config.error === null ? found : config).refetch()} />
          {config.data?.writable === false ? <Alert color="yellow">{t('form.readOnly', { file: config.data.file })}</Alert> : null}
          {found.data === undefined ? problem === null ? <Skeleton h={140} radius="lg" role="status" aria-label={t('loading')} /> : null : list.length === 0 ? <div className="panel"><Blank icon={<IconSearchOff />} title={t('welcome.none')}>{t('welcome.noneText')}</Blank></div> : (
            <section className="panel" aria-labelledby="found-title">
              <Title order={2} id="found-title" mb="sm">{t('welcome.found', { count: list.length })}</Title>
              <Stack gap="sm">
                {list.map((app) => (
                  <Checkbox
                    key={app.root} checked={!left.has(app.root)} label={<><b><Name>{app.name}</Name></b> <Text span size="sm" className="quiet">{app.preset}{app.databases.length === 0 ? '' : ` · ${app.databases.join(', ')}`}</Text></>} description={<><Name mono>{app.root}</Name><Overlaps app={app} /></>}
                    onChange={({ currentTarget }) => setLeft(changed(left, app.root, !currentTarget.checked))}
                  />
                ))}
              </Stack>
            </section>
          )}
          <div className="panel">
            <Stack gap="md">
              <div>
                <TextInput label={t('welcome.own')} description={t('welcome.ownHint')} placeholder="/srv/my-app" value={own} onChange={({ currentTarget }) => setOwn(currentTarget.value)} error={isBad ? t('restore.folderWhole') : looked.error === null ? undefined : <bdi lang="en">{visibleText(looked.error.message)}</bdi>} spellCheck={false} />
                <div role="status">{looked.isLooking ? <Text size="sm" className="quiet" mt={4}>{t('welcome.looking')}</Text> : looked.app === undefined ? null : <Overlaps app={looked.app} />}</div>
              </div>
              <Checkbox checked={schedule} onChange={({ currentTarget }) => setSchedule(currentTarget.checked)} label={t('welcome.schedule')} description={t('welcome.scheduleHint')} />
            </Stack>
          </div>
          {apps.length === 0 ? null : (
            <WelcomePlaces
              places={placeGroups(apps)} picked={vaults.length === 0 ? undefined : new Set(picked)} onPick={(name, isPicked) => setUnpicked(changed(unpicked, name, !isPicked))}
              other={{ text: other, onText: setOther, onTest: () => tried === otherFolder ? void test.refetch() : setTried(otherFolder), isTesting: test.isFetching, answer: tested, problem: test.error, places: isOther ? placeGroups(withTested(apps, otherFolder, tested.places)) : [] }}
            />
          )}
          <ProblemAlert problem={patch.error} />
          <Group justify="space-between">
            <Button component={Link} href="/" variant="default">{t('welcome.later')}</Button>
            <Button type="submit" loading={patch.isPending} disabled={!isReady}>{t('welcome.add', { count: apps.length })}</Button>
          </Group>
          {goesTo === undefined && !isOther ? <CommandLine args={`init ${ownFolder === '' ? '…' : ownFolder}`} /> : null}
        </Stack>
      </form>
    </>
  )
}

/** What lies in a folder that is typed, asked for once the typing rests. */
function useOwnFolder(folder: string): { readonly app: Discovered | undefined; readonly error: Error | null; readonly isLooking: boolean } {
  const [rested] = useDebouncedValue(folder, typingMs)
  const { data, error } = useQuery({ queryKey: ['discover', rested], queryFn: ({ signal }) => get<Discovery>(`api/discover?folder=${encodeURIComponent(rested)}`, signal), enabled: rested !== '', staleTime: 0, gcTime: 0 })
  if (folder === '') return { app: undefined, error: null, isLooking: false }
  if (rested !== folder) return { app: undefined, error: null, isLooking: true }
  return { app: error === null ? data?.applications[0] : undefined, error, isLooking: data === undefined && error === null }
}

/** Configured applications that share files with it. */
function Overlaps({ app: { overlaps } }: { readonly app: Discovered }): ReactElement {
  const { t } = useTranslation()
  return <>{overlaps.map(({ app, is }) => <Text key={app} component="span" display="block" size="sm" c="var(--state-warning)">{t(is === 'above' ? 'welcome.folderAbove' : 'welcome.folderBelow', { name: app })}</Text>)}</>
}

function changed(set: ReadonlySet<string>, item: string, isIn: boolean): ReadonlySet<string> {
  const next = new Set(set)
  if (isIn) next.add(item)
  else next.delete(item)
  return next
}
