import { Accordion, Alert, Badge, Button, Group, Modal, Select, Skeleton, Stack, Text, TextInput } from '@mantine/core'
import { IconPencil, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { setDraft, settleDraft, useDraft, useUnsaved } from '../../api/drafts.ts'
import { ProblemError } from '../../api/request.ts'
import { useConfig, useConfigSchema, usePatchConfig, valuesOf } from '../../api/use-config.ts'
import { Blank } from '../../components/blank.tsx'
import { Name } from '../../components/name.tsx'
import { ProblemAlert } from '../../components/problem-alert.tsx'
import { SchemaForm } from '../../components/schema-form.tsx'
import { TypedConfirm } from '../../components/typed-confirm.tsx'
import { useFieldLabels, useVariantLabels } from '../../components/use-field-label.ts'
import { changesBetween, isObject } from '../../format/json-value.ts'
import type { Json, JsonObject } from '../../format/json-value.ts'
import { mergeDraft, withValueAt } from '../../format/merge-draft.ts'
import type { Conflict, FormDraft } from '../../format/merge-draft.ts'
import { emptyValue, variantName, variantOf, variantsOf } from '../../format/schema-field.ts'
import type { JsonSchema } from '../../format/schema-field.ts'

type Props = {
  readonly section: 'apps' | 'vaults' | 'notify'
  readonly icon: ReactNode
  readonly basics?: readonly string[]
  /** What a new one begins with. */
  readonly first: JsonObject
  /** What comes below the fields; a new one is not saved yet. */
  readonly extra?: (name: string, value: JsonObject, isSaved: boolean) => ReactNode
}

/** Named things of the configuration, each with a form made from the schema. */
export function ConfigRecord({ section, icon, basics, first, extra }: Props): ReactElement {
  const { t } = useTranslation()
  const config = useConfig()
  const schema = useConfigSchema()
  const [isAdding, setAdding] = useState(false)
  // What is not saved yet is seen first, also after a sign-in in between.
  const unsaved = useUnsaved().flatMap(([part, name]) => part === section && name !== undefined ? [name] : [])
  const [open, setOpen] = useState<string | null>(unsaved[0] ?? null)
  const error = config.error ?? schema.error
  if (error !== null) return <ProblemAlert problem={error} onRetry={() => void config.refetch()} />
  const recordSchema = schema.data?.properties?.[section]?.additionalProperties
  if (config.data === undefined || typeof recordSchema !== 'object') return <Stack aria-busy="true" role="status" aria-label={t('loading')}>{[1, 2, 3].map((key) => <Skeleton key={key} h={52} />)}</Stack>
  const values = valuesOf(config.data.text)[section]
  const known = isObject(values) ? values : {}
  const entries = [...Object.entries(known), ...unsaved.filter((name) => !Object.hasOwn(known, name)).map((name): [string, Json] => [name, {}])]
  return (
    <Stack gap="md" mb="xl">
      {config.data.writable ? null : <Alert color="yellow">{t('form.readOnly', { file: config.data.file })}</Alert>}
      {entries.length === 0 ? <div className="panel"><Blank icon={icon} title={t(`config.none.${section}`)}>{t(`config.noneText.${section}`)}</Blank></div> : (
        <Accordion variant="separated" value={open} onChange={setOpen} keepMounted={false}>
          {entries.map(([name, value]) => (
            <Accordion.Item key={name} value={name}>
              <Accordion.Control><Group gap="sm"><Text fw={600}><Name>{name}</Name></Text><Text size="sm" className="quiet" truncate>{summaryOf(isObject(value) ? value : {})}</Text>{unsaved.includes(name) ? <UnsavedBadge /> : null}</Group></Accordion.Control>
              <Accordion.Panel>
                <ConfigItem
                  path={[section, name]} saved={isObject(known[name]) ? known[name] : undefined} etag={config.data.etag} schema={recordSchema} basics={basics} canWrite={config.data.writable}
                  extra={extra === undefined ? undefined : (draft, isSaved) => extra(name, draft, isSaved)}
                />
              </Accordion.Panel>
            </Accordion.Item>
          ))}
        </Accordion>
      )}
      <Group><Button leftSection={<IconPlus size={16} aria-hidden="true" />} variant="light" onClick={() => setAdding(true)} disabled={!config.data.writable}>{t(`config.add.${section}`)}</Button></Group>
      {isAdding ? (
        <AddDialog
          title={t(`config.add.${section}`)} known={Object.keys(known)} schema={recordSchema} first={first} onClose={() => setAdding(false)}
          onAdd={(name, value) => {
            setDraft([section, name], { base: undefined, value } satisfies FormDraft)
            setOpen(name)
            setAdding(false)
          }}
        />
      ) : null}
    </Stack>
  )
}

function summaryOf(value: JsonObject): string {
  return ['root', 'place', 'type', 'url'].flatMap((key) => typeof value[key] === 'string' ? [value[key]] : []).slice(0, 2).join(' · ')
}

type ItemProps = {
  readonly path: readonly [string, string] | readonly [string]
  /** What stands in the file; undefined for a new one. */
  readonly saved: JsonObject | undefined
  readonly etag: string
  readonly schema: JsonSchema
  readonly basics?: readonly string[] | undefined
  readonly canWrite: boolean
  readonly extra?: ((draft: JsonObject, isSaved: boolean) => ReactNode) | undefined
}

/** Marks what is changed and not saved. */
export function UnsavedBadge(): ReactElement {
  const { t } = useTranslation()
  return <Badge variant="light" color="yellow" c="inherit" leftSection={<IconPencil size={12} aria-hidden="true" />}>{t('form.unsaved')}</Badge>
}

/** One form and its buttons. Only what was changed is written; what changes in the file meanwhile comes in below what was changed here. */
export function ConfigItem({ path, saved, etag, schema, basics, canWrite, extra }: ItemProps): ReactElement {
  const { t } = useTranslation()
  const [stored, setStored] = useDraft<FormDraft>(path)
  const { base, value: draft, conflicts } = stored === undefined ? { base: saved, value: saved ?? {}, conflicts: [] } : mergeDraft(stored, saved)
  const change = (value: JsonObject, from = base): void => setStored(changesBetween(saved, value, []).length === 0 ? undefined : { base: from, value })
  const [isRemoving, setRemoving] = useState(false)
  const patch = usePatchConfig()
  const remove = usePatchConfig()
  const { refetch } = useConfig()
  const onNewest = async (): Promise<void> => {
    await refetch()
    patch.reset()
  }
  const changes = changesBetween(saved, draft, path)
  const variants = variantsOf(schema)
  const shape = variants.length === 0 ? schema : variants[variantOf(variants, draft)] ?? schema
  const name = path.at(-1) ?? ''
  return (
    // The browser would look for what is missing in folded parts, too, and could not show it; the server tells it with its place.
    <form noValidate onSubmit={(event) => {
      event.preventDefault()
      if (changes.length > 0) patch.mutate({ etag, changes }, { onSuccess: () => settleDraft(path, stored) })
    }}
    >
      <Stack gap="md">
        <SchemaForm schema={shape} value={draft} basics={basics} onChange={(value) => change(value)} />
        {extra?.(draft, saved !== undefined)}
        <Conflicts conflicts={conflicts} onTake={({ path: inner, theirs }) => inner.length === 0 ? setStored(undefined) : change(withValueAt(draft, inner, theirs), withValueAt(base ?? {}, inner, theirs))} />
        <ProblemAlert problem={patch.error} />
        {isStale(patch.error) ? <Group><Button variant="light" onClick={() => void onNewest()}>{t('form.loadNewest')}</Button></Group> : null}
        <Group justify="space-between">
          <Group>
            <Button type="submit" loading={patch.isPending} disabled={changes.length === 0 || !canWrite}>{t('form.save')}</Button>
            {changes.length === 0 ? null : <Button variant="default" onClick={() => setStored(undefined)}>{t('form.discard')}</Button>}
          </Group>
          {saved === undefined ? null : <Button variant="subtle" color="red" onClick={() => setRemoving(true)} disabled={!canWrite}>{t('form.removeThis')}</Button>}
        </Group>
      </Stack>
      {isRemoving ? (
        <TypedConfirm
          title={t('form.removeTitle')} word={name} action={t('form.removeThis')} isBusy={remove.isPending} problem={remove.error} onClose={() => setRemoving(false)}
          onConfirm={() => remove.mutate({ etag, changes: [{ path, value: null }] }, { onSuccess: () => {
            setRemoving(false)
            setStored(undefined)
          } })}
        ><Text>{t('form.removeText')}</Text></TypedConfirm>
      ) : null}
    </form>
  )
}

/** What was changed in the file as well: said, and taken where that is wanted; saving writes over it. */
function Conflicts({ conflicts, onTake }: { readonly conflicts: readonly Conflict[]; readonly onTake: (conflict: Conflict) => void }): ReactElement | null {
  const { t } = useTranslation()
  const labelOf = useFieldLabels()
  if (conflicts.length === 0) return null
  return (
    <Alert color="yellow" role="status" title={t('form.changedElsewhere')}>
      <Stack gap="xs">
        <Text size="sm">{t('form.changedElsewhereHint')}</Text>
        {conflicts.map((conflict) => (
          <Group key={conflict.path.join(' ')} gap="xs">
            <Text size="sm">{conflict.path.length === 0 ? t('form.removedElsewhere') : <><b>{conflict.path.map(labelOf).join(' › ')}</b>: <Name mono>{textOf(conflict.theirs) ?? t('form.notSet')}</Name></>}</Text>
            <Button size="compact-xs" variant="default" onClick={() => onTake(conflict)}>{t('form.takeTheirs')}</Button>
          </Group>
        ))}
      </Stack>
    </Alert>
  )
}

function textOf(value: Json | undefined): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value)
}

/** The file is another one than that which was changed. */
export function isStale(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'storage.exists'
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

function AddDialog({ title, known, schema, first, onAdd, onClose }: { readonly title: string; readonly known: readonly string[]; readonly schema: JsonSchema; readonly first: JsonObject; readonly onAdd: (name: string, value: JsonObject) => void; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation()
  const variants = variantsOf(schema)
  const [name, setName] = useState('')
  const [type, setType] = useState(String(first['type'] ?? ''))
  const isTaken = known.includes(name)
  const nameOf = useVariantLabels()
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form onSubmit={(event) => {
        // The dialog may stand in the tree of another form.
        event.preventDefault()
        event.stopPropagation()
        const variant = variants.find((one) => variantName(one) === type)
        const value = variant === undefined ? first : emptyValue(variant)
        if (namePattern.test(name) && !isTaken && isObject(value)) onAdd(name, value)
      }}
      >
        <Stack gap="md">
          <TextInput label={t('field.name')} description={t('form.nameHint')} value={name} onChange={({ currentTarget }) => setName(currentTarget.value)} pattern={namePattern.source.slice(1, -1).replace('._-]', '._\\-]')} error={isTaken ? t('form.taken') : undefined} spellCheck={false} required data-autofocus />
          {variants.length < 2 ? null : <Select label={t('config.type')} data={variants.map(variantName).map((one) => ({ value: one, label: nameOf(one) }))} value={type} onChange={(next) => setType(next ?? '')} allowDeselect={false} />}
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit">{t('action.continue')}</Button></Group>
        </Stack>
      </form>
    </Modal>
  )
}
