import { Accordion, Alert, Button, Group, Modal, Select, Skeleton, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useConfig, useConfigSchema, usePatchConfig, valuesOf } from '../../api/use-config.ts'
import { Blank } from '../../components/blank.tsx'
import { Name } from '../../components/name.tsx'
import { ProblemAlert } from '../../components/problem-alert.tsx'
import { SchemaForm } from '../../components/schema-form.tsx'
import { TypedConfirm } from '../../components/typed-confirm.tsx'
import { changesBetween, isObject } from '../../format/json-value.ts'
import type { JsonObject } from '../../format/json-value.ts'
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
  const [added, setAdded] = useState<{ name: string; value: JsonObject }>()
  const [open, setOpen] = useState<string | null>(null)
  const error = config.error ?? schema.error
  if (error !== null) return <ProblemAlert problem={error} onRetry={() => void config.refetch()} />
  const recordSchema = schema.data?.properties?.[section]?.additionalProperties
  if (config.data === undefined || typeof recordSchema !== 'object') return <Stack aria-busy="true" role="status" aria-label={t('loading')}>{[1, 2, 3].map((key) => <Skeleton key={key} h={52} />)}</Stack>
  const values = valuesOf(config.data.text)[section]
  const known = isObject(values) ? values : {}
  const entries = [...Object.entries(known), ...(added === undefined || Object.hasOwn(known, added.name) ? [] : [[added.name, added.value] as const])]
  return (
    <Stack gap="md" mb="xl">
      {config.data.writable ? null : <Alert color="yellow">{t('form.readOnly', { file: config.data.file })}</Alert>}
      {entries.length === 0 ? <div className="panel"><Blank icon={icon} title={t(`config.none.${section}`)}>{t(`config.noneText.${section}`)}</Blank></div> : (
        <Accordion variant="separated" value={open} onChange={setOpen} keepMounted={false}>
          {entries.map(([name, value]) => (
            <Accordion.Item key={name} value={name}>
              <Accordion.Control><Group gap="sm"><Text fw={600}><Name>{name}</Name></Text><Text size="sm" className="quiet" truncate>{summaryOf(isObject(value) ? value : {})}</Text></Group></Accordion.Control>
              <Accordion.Panel>
                <ConfigItem
                  key={config.data.etag} path={[section, name]} saved={isObject(known[name]) ? known[name] : undefined} start={isObject(value) ? value : {}} etag={config.data.etag} schema={recordSchema} basics={basics} canWrite={config.data.writable}
                  extra={extra === undefined ? undefined : (draft, isSaved) => extra(name, draft, isSaved)} onRemoved={() => setAdded(undefined)}
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
            setAdded({ name, value })
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
  readonly start: JsonObject
  readonly etag: string
  readonly schema: JsonSchema
  readonly basics?: readonly string[] | undefined
  readonly canWrite: boolean
  readonly extra?: ((draft: JsonObject, isSaved: boolean) => ReactNode) | undefined
  readonly onRemoved?: () => void
}

/** One form and its buttons. Only what was changed is written. */
export function ConfigItem({ path, saved, start, etag, schema, basics, canWrite, extra, onRemoved }: ItemProps): ReactElement {
  const { t } = useTranslation()
  const [draft, setDraft] = useState(start)
  const [isRemoving, setRemoving] = useState(false)
  const patch = usePatchConfig()
  const remove = usePatchConfig()
  const changes = changesBetween(saved, draft, path)
  const variants = variantsOf(schema)
  const shape = variants.length === 0 ? schema : variants[variantOf(variants, draft)] ?? schema
  const name = path.at(-1) ?? ''
  return (
    // The browser would look for what is missing in folded parts, too, and could not show it; the server tells it with its place.
    <form noValidate onSubmit={(event) => {
      event.preventDefault()
      if (changes.length > 0) patch.mutate({ etag, changes })
    }}
    >
      <Stack gap="md">
        <SchemaForm schema={shape} value={draft} basics={basics} onChange={setDraft} />
        {extra?.(draft, saved !== undefined)}
        <ProblemAlert problem={patch.error} />
        <Group justify="space-between">
          <Group>
            <Button type="submit" loading={patch.isPending} disabled={changes.length === 0 || !canWrite}>{t('form.save')}</Button>
            {changes.length === 0 || saved === undefined ? null : <Button variant="default" onClick={() => setDraft(start)}>{t('form.discard')}</Button>}
          </Group>
          {saved === undefined ? null : <Button variant="subtle" color="red" onClick={() => setRemoving(true)} disabled={!canWrite}>{t('form.removeThis')}</Button>}
        </Group>
      </Stack>
      {isRemoving ? (
        <TypedConfirm
          title={t('form.removeTitle')} word={name} action={t('form.removeThis')} isBusy={remove.isPending} problem={remove.error} onClose={() => setRemoving(false)}
          onConfirm={() => remove.mutate({ etag, changes: [{ path, value: null }] }, { onSuccess: () => {
            setRemoving(false)
            onRemoved?.()
          } })}
        ><Text>{t('form.removeText')}</Text></TypedConfirm>
      ) : null}
    </form>
  )
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

function AddDialog({ title, known, schema, first, onAdd, onClose }: { readonly title: string; readonly known: readonly string[]; readonly schema: JsonSchema; readonly first: JsonObject; readonly onAdd: (name: string, value: JsonObject) => void; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation()
  const variants = variantsOf(schema)
  const [name, setName] = useState('')
  const [type, setType] = useState(String(first['type'] ?? ''))
  const isTaken = known.includes(name)
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
          {variants.length < 2 ? null : <Select label={t('config.type')} data={variants.map(variantName)} value={type} onChange={(next) => setType(next ?? '')} allowDeselect={false} />}
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit">{t('action.continue')}</Button></Group>
        </Stack>
      </form>
    </Modal>
  )
}
