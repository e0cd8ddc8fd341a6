import { Button, Checkbox, Group, Stack, Text, TextInput, Title } from '@mantine/core'
import { IconFolderCheck } from '@tabler/icons-react'
import { useId } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { TestPlace } from '../../../src/model/api/settings.ts'
import { Bytes } from '../components/bytes.tsx'
import { Name } from '../components/name.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { StateMark } from '../components/state-mark.tsx'
import type { PlaceGroup } from '../format/place-groups.ts'

type Props = {
  readonly places: readonly PlaceGroup[]
  /** Where vaults are configured: which of them are picked, by name. */
  readonly picked: ReadonlySet<string> | undefined
  readonly onPick: (name: string, isPicked: boolean) => void
  readonly other: OtherFolder
}

/** Another folder, as somebody types and tests it. */
type OtherFolder = {
  readonly text: string
  readonly onText: (text: string) => void
  readonly onTest: () => void
  readonly isTesting: boolean
  readonly answer: TestPlace | undefined
  readonly problem: unknown
  /** What it is to the applications, once it was tested. */
  readonly places: readonly PlaceGroup[]
}

/** Where the backups of what is added will lie, before anything is written; and another folder for them. */
export function WelcomePlaces({ places, picked, onPick, other }: Props): ReactElement {
  const { t } = useTranslation()
  const isReplaced = picked === undefined && other.places.length > 0
  return (
    <section className="panel" aria-labelledby="places-title">
      <Title order={2} id="places-title">{t('welcome.places')}</Title>
      <Text size="sm" className="quiet" mb="sm">{t('welcome.placesText')}</Text>
      <Stack gap="md">
        {isReplaced ? null : places.map((group) => picked === undefined ? <PlaceGroupView key={group.place} group={group} /> : (
          <div key={group.name}>
            <Checkbox checked={picked.has(group.name)} onChange={({ currentTarget }) => onPick(group.name, currentTarget.checked)} label={<b><Name>{group.name}</Name></b>} />
            <div className="vault-facts"><PlaceGroupView group={group} /></div>
          </div>
        ))}
        {picked !== undefined && picked.size === 0 && other.places.length === 0 ? <Text size="sm" c="var(--state-failed)" role="alert">{t('welcome.noVault')}</Text> : null}
        <Other other={other} isMore={picked !== undefined} />
      </Stack>
    </section>
  )
}

function Other({ other, isMore }: { readonly other: OtherFolder; readonly isMore: boolean }): ReactElement {
  const { t } = useTranslation()
  const refused = other.answer?.ok === false ? <bdi lang="en">{other.answer.text}</bdi> : undefined
  const untested = other.text.trim() !== '' && other.answer === undefined && !other.isTesting
  return (
    <div>
      <TextInput
        label={t(isMore ? 'welcome.otherMore' : 'welcome.other')} description={t('welcome.otherHint')} placeholder="/mnt/disk/backups" value={other.text} spellCheck={false} error={refused}
        onChange={({ currentTarget }) => other.onText(currentTarget.value)}
        onKeyDown={(event) => {
          // The whole form would be sent.
          if (event.key !== 'Enter') return
          event.preventDefault()
          other.onTest()
        }}
      />
      <Group gap="sm" mt="xs">
        <Button size="xs" variant="default" leftSection={<IconFolderCheck size={16} aria-hidden="true" />} disabled={other.text.trim() === ''} loading={other.isTesting} onClick={other.onTest}>{t('destination.test')}</Button>
        {untested ? <Text size="sm" className="quiet">{t('welcome.otherUntested')}</Text> : null}
      </Group>
      <div role="status">
        {other.places.length === 0 ? null : <Stack gap="xs" mt="sm" align="flex-start"><StateMark state="ok" label={t('place.ok')} />{other.places.map((group) => <PlaceGroupView key={group.place} group={group} />)}</Stack>}
      </div>
      <ProblemAlert problem={other.problem} />
    </div>
  )
}

function PlaceGroupView({ group: { place, freeBytes, problem, disks, inside } }: { readonly group: PlaceGroup }): ReactElement {
  const { t } = useTranslation()
  return (
    <Stack gap={4} align="flex-start">
      <Text size="sm"><Name mono>{place}</Name>{freeBytes === undefined ? null : <span className="quiet"> · {t('destination.free')} <Bytes value={freeBytes} /></span>}</Text>
      {problem === undefined ? null : <Text size="sm" c="var(--state-failed)"><bdi lang="en">{problem}</bdi></Text>}
      {inside.map((root) => <Text key={root} size="sm" c="var(--state-warning)"><b>{t('destination.inside')} <Name mono>{root}</Name>.</b> {t('destination.insideHint')}</Text>)}
      {disks.same.length === 0 ? null : <Text size="sm" c="var(--state-warning)"><b>{t('welcome.sameDisk')} <Names names={disks.same} />.</b> {t('welcome.sameDiskHint')}</Text>}
      {disks.unknown.length === 0 || problem !== undefined ? null : <Text size="sm" c="var(--state-warning)">{t('welcome.unknownDisk')} <Names names={disks.unknown} />.</Text>}
      {disks.other.length === 0 ? null : <Text size="sm">{t('welcome.otherDisk')} <Names names={disks.other} />.</Text>}
    </Stack>
  )
}

function Names({ names }: { readonly names: readonly string[] }): ReactElement {
  const id = useId()
  return <>{names.map((name, index) => <span key={`${id}${name}${index}`}>{index === 0 ? '' : ', '}<Name>{name}</Name></span>)}</>
}
