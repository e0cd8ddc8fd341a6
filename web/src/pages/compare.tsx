import { Button, Group, Loader, SegmentedControl, Select, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { IconArrowsDiff } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { DiffResult } from '../../../src/model/api/browse.ts'
import { usePoints, useTicket, useWork } from '../api/queries.ts'
import { pathOf } from '../api/request.ts'
import { Blank } from '../components/blank.tsx'
import { Bytes, Count } from '../components/bytes.tsx'
import { CommandLine } from '../components/command-line.tsx'
import { Name } from '../components/name.tsx'
import { PageTitle } from '../components/page-title.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { TicketProblem } from '../components/ticket-problem.tsx'
import { useLocale } from '../components/use-locale.ts'
import { formatBytes } from '../format/byte-size.ts'
import { formatDateTime } from '../format/date-time.ts'

/** What has changed between a restore point and another one, or what is there now. */
export function Compare({ app, id }: { readonly app: string; readonly id: string }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const { data } = usePoints(app)
  const [other, setOther] = useState('live')
  const work = useWork(() => ({ path: pathOf`api/apps/${app}/points/${id}/diff`, body: { with: other } }))
  const { data: ticket, error } = useTicket(work.data?.ticket)
  const points = data?.pages.flatMap((page) => page.points) ?? []
  const point = points.find((one) => one.id === id)
  const result = ticket?.state === 'ended' && ticket.error === undefined && ticket.result !== undefined ? ticket.result as DiffResult : undefined
  const isBusy = work.isPending || ticket !== undefined && ticket.state !== 'ended'
  return (
    <>
      <PageTitle
        name={`${app}: ${t('diff.title')}`} title={t('diff.title')} below={<><Name>{app}</Name> · {point === undefined ? <Name mono>{id}</Name> : formatDateTime(point.startedAt, locale)}</>}
        actions={<Button component={Link} href={`/apps/${encodeURIComponent(app)}/points/${id}`} variant="default">{t('point.browse')}</Button>}
      />
      <Stack gap="md">
        <form className="panel" onSubmit={(event) => {
          event.preventDefault()
          work.mutate(undefined)
        }}
        >
          <Group align="flex-end">
            <Select
              label={t('diff.with')} value={other} onChange={(value) => setOther(value ?? 'live')} allowDeselect={false} searchable style={{ flex: '1 1 20rem' }}
              data={[{ value: 'live', label: t('diff.live') }, ...points.filter((one) => one.id !== id).map((one) => ({ value: one.id, label: `${formatDateTime(one.startedAt, locale)} · ${t(`scope.${one.scope}`)} · ${formatBytes(one.sizeBytes, locale)}` }))]}
            />
            <Button type="submit" loading={isBusy} leftSection={<IconArrowsDiff size={16} aria-hidden="true" />}>{t('diff.action')}</Button>
          </Group>
        </form>
        <ProblemAlert problem={work.error ?? error} />
        {ticket === undefined ? null : <TicketProblem ticket={ticket} />}
        {isBusy ? <div className="panel" role="status"><Group><Loader size="sm" aria-hidden="true" /><Text>{t('diff.busy')}</Text></Group></div> : null}
        {result === undefined ? ticket === undefined && !isBusy ? <div className="panel"><Blank icon={<IconArrowsDiff />} title={t('diff.blank')}>{t('diff.blankText')}</Blank></div> : null : <Differences result={result} />}
        {ticket === undefined ? null : <CommandLine command={ticket.command} />}
      </Stack>
    </>
  )
}

type Change = DiffResult['entries'][number]['change'] | 'all'
const rowsShown = 500
const signs = { added: '+', removed: '−', changed: '~' } as const

function Differences({ result }: { readonly result: DiffResult }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const [change, setChange] = useState<Change>('all')
  const [words, setWords] = useState('')
  const number = (value: number): string => new Intl.NumberFormat(locale).format(value)
  const shown = useMemo(() => result.entries.filter((entry) => (change === 'all' || entry.change === change) && entry.path.toLowerCase().includes(words.trim().toLowerCase())).toSorted((a, b) => a.path < b.path ? -1 : 1), [result, change, words])
  if (result.entries.length === 0 && result.tables.length === 0) return <div className="panel" role="status"><Blank icon={<IconArrowsDiff />} title={t('diff.alike')} /></div>
  return (
    <>
      <div className="counts" role="status">
        <div className="count"><strong>+ {number(result.added)}</strong>{t('diff.added', { count: result.added })}</div>
        <div className="count"><strong>− {number(result.removed)}</strong>{t('diff.removed', { count: result.removed })}</div>
        <div className="count"><strong>~ {number(result.changed)}</strong>{t('diff.changed', { count: result.changed })}</div>
        {result.tables.length === 0 ? null : <div className="count"><strong>{number(result.tables.length)}</strong>{t('diff.tables', { count: result.tables.length })}</div>}
      </div>
      {result.tables.length === 0 ? null : (
        <section className="panel" aria-labelledby="tables-title">
          <Title order={2} id="tables-title" mb="xs">{t('diff.tablesTitle')}</Title>
          <div className="scroll-x" tabIndex={0} role="group" aria-labelledby="tables-title">
            <Table>
              <Table.Thead><Table.Tr><Table.Th>{t('run.databases')}</Table.Th><Table.Th>{t('diff.table')}</Table.Th><Table.Th ta="end">{t('diff.before')}</Table.Th><Table.Th ta="end">{t('diff.after')}</Table.Th><Table.Th ta="end">{t('diff.difference')}</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {result.tables.slice(0, rowsShown).map(({ database, table, before, after }) => (
                  <Table.Tr key={`${database} ${table}`}>
                    <Table.Td><Name>{database}</Name></Table.Td><Table.Td><Name>{table}</Name></Table.Td>
                    <Table.Td ta="end">{before === undefined ? '–' : <Count value={before} />}</Table.Td><Table.Td ta="end">{after === undefined ? '–' : <Count value={after} />}</Table.Td>
                    <Table.Td ta="end" className="figure">{before === undefined ? t('diff.newTable') : after === undefined ? t('diff.goneTable') : new Intl.NumberFormat(locale, { signDisplay: 'exceptZero' }).format(after - before)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        </section>
      )}
      {result.entries.length === 0 ? null : (
        <section className="panel" aria-labelledby="files-title">
          <Group justify="space-between" mb="sm">
            <Title order={2} id="files-title">{t('diff.files')}</Title>
            <Group gap="xs">
              <SegmentedControl size="xs" aria-label={t('diff.show')} value={change} onChange={(value) => setChange(value as Change)} data={(['all', 'added', 'removed', 'changed'] as const).map((value) => ({ value, label: t(`diff.only.${value}`) }))} />
              <TextInput size="xs" type="search" value={words} onChange={({ currentTarget }) => setWords(currentTarget.value)} placeholder={t('search.placeholder')} aria-label={t('search.label')} />
            </Group>
          </Group>
          <div className="scroll-x" tabIndex={0} role="group" aria-labelledby="files-title">
            <Table verticalSpacing={4}>
              <Table.Thead><Table.Tr><Table.Th>{t('diff.change')}</Table.Th><Table.Th>{t('diff.path')}</Table.Th><Table.Th>{t('diff.what')}</Table.Th><Table.Th ta="end">{t('fact.size')}</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {shown.slice(0, rowsShown).map((entry) => (
                  <Table.Tr key={entry.path}>
                    <Table.Td className="nowrap"><b aria-hidden="true">{signs[entry.change]}</b> {t(`diff.only.${entry.change}`)}</Table.Td>
                    <Table.Td><Name mono>{entry.path}</Name></Table.Td>
                    <Table.Td>{entry.change === 'changed' ? entry.what.join(', ') : ''}</Table.Td>
                    <Table.Td ta="end" className="nowrap">{entry.before === undefined ? null : <Bytes value={entry.before} />}{entry.before !== undefined && entry.after !== undefined ? ' → ' : ''}{entry.after === undefined ? null : <Bytes value={entry.after} />}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
          {shown.length > rowsShown || result.cut ? <Text size="sm" className="quiet" mt="xs">{t('diff.cut')}</Text> : null}
        </section>
      )}
    </>
  )
}
