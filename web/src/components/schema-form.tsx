import { ActionIcon, Button, Checkbox, Code, Fieldset, Group, NumberInput, SegmentedControl, Select, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useFieldTexts } from '../api/use-field-texts.ts'
import type { Json, JsonObject } from '../format/json-value.ts'
import { isObject, withValue } from '../format/json-value.ts'
import { emptyValue, fieldKind, isSecret, variantName, variantOf, variantsOf } from '../format/schema-field.ts'
import type { JsonSchema } from '../format/schema-field.ts'
import { PasswordField } from './password-field.tsx'
import { useChoiceLabels, useFieldLabel, useVariantLabels } from './use-field-label.ts'

type FieldProps = {
  readonly schema: JsonSchema
  readonly name: string
  readonly value: Json | undefined
  /** `undefined` takes it out of the file, so that its default holds. */
  readonly onChange: (value: Json | undefined) => void
  readonly isRequired?: boolean
}

/** The fields of an object, those that are needed most first and the others below a fold. */
export function SchemaForm({ schema, value, basics, isOptional = false, onChange }: { readonly schema: JsonSchema; readonly value: JsonObject; readonly basics?: readonly string[]; readonly isOptional?: boolean; readonly onChange: (value: JsonObject) => void }): ReactElement {
  const { t } = useTranslation()
  const names = Object.keys(schema.properties ?? {})
  const first = basics === undefined ? names : basics.filter((name) => names.includes(name))
  const rest = names.filter((name) => !first.includes(name))
  const field = (name: string): ReactElement | null => {
    const property = schema.properties?.[name]
    return property === undefined || property.const !== undefined ? null : <SchemaField key={name} name={name} schema={property} value={value[name]} isRequired={!isOptional && schema.required?.includes(name) === true && property.default === undefined} onChange={(next) => onChange(withValue(value, name, next))} />
  }
  return (
    <Stack gap="md">
      <div className="fields">{first.map(field)}</div>
      {rest.length === 0 ? null : <details><summary><b>{t('form.advanced')}</b></summary><div className="fields">{rest.map(field)}</div></details>}
    </Stack>
  )
}

function SchemaField(props: FieldProps): ReactElement {
  const { schema, name, value, onChange, isRequired = false } = props
  const { t } = useTranslation()
  const label = useFieldLabel(name)
  const description = <Description text={schema.description} />
  const labelOf = useChoiceLabels()
  const standard = schema.default === undefined || typeof schema.default === 'object' ? '' : String(schema.default)
  const kind = fieldKind(schema)
  switch (kind) {
    case 'fixed': return <Text size="sm"><Code>{String(schema.const)}</Code> {description}</Text>
    case 'switch': return <Switch label={label} description={description} checked={value === undefined ? schema.default === true : value === true} onChange={({ currentTarget }) => onChange(currentTarget.checked === (schema.default === true) ? undefined : currentTarget.checked)} />
    case 'number': return <NumberInput label={label} description={description} value={typeof value === 'number' ? value : ''} placeholder={standard} min={schema.minimum} max={schema.maximum} allowDecimal={schema.type !== 'integer'} onChange={(next) => onChange(typeof next === 'number' ? next : undefined)} required={isRequired} inputWrapperOrder={['label', 'input', 'description', 'error']} />
    case 'choice': return <Select label={label} description={description} data={(schema.enum ?? []).map((one) => ({ value: String(one), label: labelOf(one) }))} value={typeof value === 'string' ? value : null} placeholder={standard === '' ? t('form.standard') : t('form.standardValue', { value: labelOf(standard) })} clearable={!isRequired} clearButtonProps={{ 'aria-label': t('search.clear') }} onChange={(next) => onChange(next ?? undefined)} maw={360} />
    case 'choices': return <Checkbox.Group className="field-wide" label={label} description={description} value={(Array.isArray(value) ? value : Array.isArray(schema.default) ? schema.default : []).map(String)} onChange={(next) => onChange(next)}><Group mt="xs">{(schema.items?.enum ?? []).map((one) => <Checkbox key={String(one)} value={String(one)} label={labelOf(one)} />)}</Group></Checkbox.Group>
    case 'lines': return <Textarea className="field-wide" label={label} description={<>{description} {t('form.lines')}</>} autosize minRows={2} maxRows={12} value={Array.isArray(value) ? value.join('\n') : ''} onChange={({ currentTarget }) => onChange(currentTarget.value === '' ? undefined : currentTarget.value.split('\n'))} spellCheck={false} required={isRequired} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }} />
    case 'group': return <GroupField {...props} label={label} description={description} />
    case 'list': return <ListField {...props} label={label} description={description} />
    case 'record': return <RecordField {...props} label={label} description={description} />
    case 'variants': return <VariantField {...props} label={label} description={description} />
    case 'text': return <TextInput label={label} description={description} value={typeof value === 'string' ? value : ''} placeholder={standard} onChange={({ currentTarget }) => onChange(currentTarget.value === '' && !isRequired ? undefined : currentTarget.value)} spellCheck={false} required={isRequired} error={typeof value === 'string' && value !== '' && schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value) ? t('form.pattern') : undefined} />
  }
}

type Named = FieldProps & { readonly label: string; readonly description: ReactNode }

/** Fields that belong together; folded where none of them is set. */
function GroupField({ schema, value, onChange, isRequired, label, description }: Named): ReactElement {
  return (
    <details className="field-group" open={value !== undefined || isRequired === true}>
      <summary><b>{label}</b></summary>
      <Stack gap="sm" mt="xs">
        {description}
        <SchemaForm schema={schema} value={isObject(value) ? value : {}} isOptional={value === undefined && isRequired !== true} onChange={(next) => onChange(Object.keys(next).length === 0 && isRequired !== true ? undefined : next)} />
      </Stack>
    </details>
  )
}

/** One of several forms of a value: a line or an object, kinds of databases, where a secret comes from. */
function VariantField({ schema, name, value, onChange, isRequired, label, description }: Named): ReactElement {
  const { t, i18n } = useTranslation()
  const variants = variantsOf(schema)
  const nameOf = useVariantLabels()
  const isSet = value !== undefined
  const chosen = variantOf(variants, value)
  const variant = variants[chosen] ?? {}
  const isPlain = fieldKind(variant) === 'text'
  const TextOrSecret = isSecret(schema) ? PasswordField : TextInput
  // What holds where nothing is set: "default" only where there is one.
  const hasDefault = /\bdefault\b/i.test(schema.description ?? '')
  const unsetLabel = typeof schema.default === 'string' ? t('form.standardValue', { value: schema.default }) : hasDefault ? t('form.standard') : i18n.exists(`unset.${name}`) ? String(t(`unset.${name}` as 'unset.schedule')) : t('form.notSet')
  return (
    <Fieldset legend={label} className="field-wide">
      <Stack gap="sm">
        {description}
        <SegmentedControl
          size="xs" aria-label={label} value={isSet ? String(chosen) : 'none'} styles={{ root: { alignSelf: 'flex-start', maxWidth: '100%', overflowX: 'auto' } }}
          data={[...(isRequired === true ? [] : [{ value: 'none', label: unsetLabel }]), ...variants.map((one, index) => ({ value: String(index), label: nameOf(variantName(one)) }))]}
          onChange={(next) => onChange(next === 'none' ? undefined : emptyValue(variants[Number(next)] ?? {}))}
        />
        {!isSet ? null : isPlain
          ? <TextOrSecret aria-label={label} value={typeof value === 'string' ? value : ''} onChange={({ currentTarget }) => onChange(currentTarget.value)} spellCheck={false} autoComplete="off" />
          : fieldKind(variant) === 'group' ? <SchemaForm schema={variant} value={isObject(value) ? value : {}} onChange={onChange} /> : <SchemaField schema={variant} name={name} value={value} onChange={onChange} />}
      </Stack>
    </Fieldset>
  )
}

function ListField({ schema, value, onChange, label, description }: Named): ReactElement {
  const { t } = useTranslation()
  const items = Array.isArray(value) ? value as readonly Json[] : []
  const itemSchema = schema.items ?? {}
  return (
    <Fieldset legend={label} className="field-wide">
      <Stack gap="sm">
        {description}
        {items.map((item, index) => (
          <Group key={index} align="flex-start" wrap="nowrap">
            <div style={{ flex: 1, minWidth: 0 }}><SchemaField schema={itemSchema} name={String(index + 1)} value={item} isRequired onChange={(next) => onChange(items.map((old, at) => at === index ? next ?? emptyValue(itemSchema) : old))} /></div>
            <ActionIcon variant="default" mt="lg" aria-label={t('form.remove', { name: `${label} ${index + 1}` })} onClick={() => onChange(items.length === 1 ? undefined : items.filter((_, at) => at !== index))}><IconTrash size={16} aria-hidden="true" /></ActionIcon>
          </Group>
        ))}
        <Group><Button size="xs" variant="default" leftSection={<IconPlus size={14} aria-hidden="true" />} onClick={() => onChange([...items, emptyValue(itemSchema)])}>{t('form.add')}</Button></Group>
      </Stack>
    </Fieldset>
  )
}

function RecordField({ schema, value, onChange, label, description }: Named): ReactElement {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const record = isObject(value) ? value : {}
  const itemSchema = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {}
  const isNew = name.trim() !== '' && !Object.hasOwn(record, name.trim())
  return (
    <Fieldset legend={label} className="field-wide">
      <Stack gap="sm">
        {description}
        {Object.entries(record).map(([key, item]) => (
          <Group key={key} align="flex-start" wrap="nowrap">
            <div style={{ flex: 1, minWidth: 0 }}><SchemaField schema={itemSchema} name={key} value={item} isRequired onChange={(next) => onChange(withValue(record, key, next ?? emptyValue(itemSchema)))} /></div>
            <ActionIcon variant="default" mt="lg" aria-label={t('form.remove', { name: key })} onClick={() => onChange(Object.keys(record).length === 1 ? undefined : withValue(record, key, undefined))}><IconTrash size={16} aria-hidden="true" /></ActionIcon>
          </Group>
        ))}
        <Group align="flex-end">
          <TextInput size="xs" label={t('form.newName')} value={name} onChange={({ currentTarget }) => setName(currentTarget.value)} spellCheck={false} />
          <Button
            size="xs" variant="default" disabled={!isNew} leftSection={<IconPlus size={14} aria-hidden="true" />} onClick={() => {
              onChange(withValue(record, name.trim(), emptyValue(itemSchema)))
              setName('')
            }}
          >{t('form.add')}</Button>
        </Group>
      </Stack>
    </Fieldset>
  )
}

/** The schema's words, with `code` in them; what has no translation stays in English. */
function Description({ text }: { readonly text: string | undefined }): ReactElement | null {
  const texts = useFieldTexts()
  if (text === undefined) return null
  const translated = texts[text]
  return <Text component="span" size="xs" className="quiet" lang={translated === undefined ? 'en' : undefined}>{(translated ?? text).split('`').map((part, index) => index % 2 === 1 ? <Code key={index}>{part}</Code> : part)}</Text>
}
