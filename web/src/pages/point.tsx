import { Accordion, ActionIcon, Badge, Button, Group, Skeleton, Stack, Table, Text, TextInput } from '@mantine/core'
import { IconArrowsDiff, IconDownload, IconHistory, IconSearch, IconX } from '@tabler/icons-react'
import { useDeferredValue, useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { PointDetail, TreeEntry } from '../../../src/model/api/browse.ts'
import { usePointDetail } from '../api/queries.ts'
import { pathOf, serverUrl } from '../api/request.ts'
import { useFindPoint } from '../api/use-find-point.ts'
import { Bytes, Count } from '../components/bytes.tsx'
import { CommandLine } from '../components/command-line.tsx'
import { EntryList } from '../components/entry-list.tsx'
import { EntryPanel } from '../components/entry-panel.tsx'
import { FileTree } from '../components/file-tree.tsx'
import { Instant } from '../components/instant.tsx'
import { Name } from '../components/name.tsx'
import { PageTitle } from '../components/page-title.tsx'
import { Copies, PointKind, PointState } from '../components/point-facts.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { useCan } from '../components/use-can.ts'

/** What is in a restore point: its files as a tree, its databases, and what is missing from it. */
export function PointPage({ app, id }: { readonly app: string; readonly id: string }): ReactElement {
  const { t } = useTranslation()
  const { point, isPending } = useFindPoint(app, id)
  const isOperator = useCan('operator')
  const [chosen, setChosen] = useState<TreeEntry>()
  const [words, setWords] = useState('')
  const sought = useDeferredValue(words.trim())
  const isSearch = sought.length >= 2
  const source = pathOf`api/apps/${app}/points/${id}`
  const href = `/apps/${encodeURIComponent(app)}`
  return (
    <>
      <PageTitle
        name={`${app}: ${t('point.title')}`}
        title={point === undefined ? isPending ? <Skeleton h={30} w={320} /> : <Name mono>{id}</Name> : <Instant at={point.startedAt} shown="absolute" />}
        below={<><Link href={href}><Name>{app}</Name></Link> · <Name mono>{point?.fileName ?? id}</Name></>}
        actions={isOperator ? (
          <>
            <Button component={Link} href={`${href}/restore?point=${id}`} leftSection={<IconHistory size={16} aria-hidden="true" />}>{t('restore.action')}</Button>
            <Button component={Link} href={`${href}/points/${id}/compare`} variant="default" leftSection={<IconArrowsDiff size={16} aria-hidden="true" />}>{t('point.compare')}</Button>
            <Button component="a" href={serverUrl(`${source}/download`)} download variant="default" leftSection={<IconDownload size={16} aria-hidden="true" />}>{t('point.download')}</Button>
          </>
        ) : undefined}
      />
      <Stack gap="md">
        {point === undefined ? null : <Group gap="xs"><PointKind point={point} /><PointState point={point} /><Text size="sm"><Bytes value={point.sizeBytes} /> · {t('point.entries', { count: point.entries })} · <Copies copies={point.copies} /></Text></Group>}
        <Details app={app} id={id} />
        <TextInput
          type="search" value={words} onChange={({ currentTarget }) => setWords(currentTarget.value)} label={t('search.label')} description={sought.length === 1 ? t('search.short') : undefined} placeholder={t('search.placeholder')} maw={420} leftSection={<IconSearch size={16} aria-hidden="true" />}
          rightSection={words === '' ? undefined : <ActionIcon variant="subtle" color="gray" aria-label={t('search.clear')} onClick={() => setWords('')}><IconX size={16} aria-hidden="true" /></ActionIcon>}
        />
        <div className="browse">
          <FileTree source={`${source}/tree`} label={t('tree.label')} chosen={chosen} isHidden={isSearch} onChoose={setChosen} />
          {!isSearch ? null : <EntryList key={sought} source={`${source}/search`} words={sought} chosen={chosen} onChoose={setChosen} />}
          <aside className="panel" aria-label={t('entry.label')}><EntryPanel app={app} point={id} entry={chosen} /></aside>
        </div>
        {point === undefined ? null : <CommandLine command={point.commands.show} />}
      </Stack>
    </>
  )
}

function Details({ app, id }: { readonly app: string; readonly id: string }): ReactElement | null {
  const { t } = useTranslation()
  const { data, error, isPending } = usePointDetail(app, id)
  if (isPending) return <Skeleton h={46} role="status" aria-label={t('loading')} />
  if (error !== null) return <ProblemAlert problem={error} />
  const remarks = [['warnings', data.warnings], ['leftOut', data.leftOut], ['notes', data.notes]] as const
  const shown = remarks.filter(([, list]) => list.length > 0)
  if (data.databases.length === 0 && shown.length === 0) return null
  return (
    <Accordion variant="contained" multiple defaultValue={data.warnings.length > 0 ? ['warnings'] : []}>
      {data.databases.length === 0 ? null : (
        <Accordion.Item value="databases">
          <Accordion.Control>{t('detail.databases', { count: data.databases.length })}</Accordion.Control>
          <Accordion.Panel><Databases databases={data.databases} /></Accordion.Panel>
        </Accordion.Item>
      )}
      {shown.map(([kind, list]) => (
        <Accordion.Item key={kind} value={kind}>
          <Accordion.Control>{t(`detail.${kind}`, { count: list.length })}</Accordion.Control>
          <Accordion.Panel>
            <ul className="remarks">{list.slice(0, 200).map(({ code, message, path }, index) => <li key={index}><bdi lang="en"><Name>{message}</Name></bdi>{path === undefined || message.includes(path) ? null : <> <Name mono>{path}</Name></>} <Text span size="xs" className="quiet">{code}</Text></li>)}</ul>
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  )
}

const tablesShown = 300

function Databases({ databases }: { readonly databases: PointDetail['databases'] }): ReactElement {
  const { t } = useTranslation()
  return (
    <Stack gap="md">
      {databases.map((database) => (
        <div key={database.path}>
          <Group gap="xs" mb={4}><Text fw={600}><Name>{database.name}</Name></Text><Badge variant="default" tt="none">{database.engine} {database.version}</Badge><Text size="sm" className="quiet"><Bytes value={database.sizeBytes} /> · <Name mono>{database.path}</Name></Text></Group>
          {database.tables.length === 0 ? null : (
            <div className="scroll-x" tabIndex={0} role="region" aria-label={database.name} style={{ maxHeight: 320 }}>
              <Table verticalSpacing={4}>
                <Table.Thead><Table.Tr><Table.Th>{t('diff.table')}</Table.Th><Table.Th ta="end">{t('diff.rows')}</Table.Th></Table.Tr></Table.Thead>
                <Table.Tbody>{database.tables.slice(0, tablesShown).map(({ name, rows, kind }) => <Table.Tr key={name}><Table.Td><Name>{name}</Name>{kind === 'view' ? <Text span size="xs" className="quiet"> ({t('detail.view')})</Text> : null}</Table.Td><Table.Td ta="end">{rows === undefined ? '–' : <Count value={rows} />}</Table.Td></Table.Tr>)}</Table.Tbody>
              </Table>
            </div>
          )}
        </div>
      ))}
    </Stack>
  )
}
