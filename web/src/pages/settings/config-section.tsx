import { Accordion, Stack, Text } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useUnsaved } from '../../api/drafts.ts'
import { useConfig, useConfigSchema, valuesOf } from '../../api/use-config.ts'
import { useFieldLabel } from '../../components/use-field-label.ts'
import { isObject } from '../../format/json-value.ts'
import { ConfigItem, UnsavedBadge } from './config-record.tsx'
import { NotifierHealth } from './notifier-health.tsx'

/** A part of the configuration that there is once. */
export function ConfigSection({ section, tested }: { readonly section: 'mqtt' | 'statusFile' | 'server'; readonly tested?: string }): ReactElement | null {
  const { t } = useTranslation()
  const config = useConfig()
  const schema = useConfigSchema()
  const label = useFieldLabel(section)
  const isUnsaved = useUnsaved().some(([part, name]) => part === section && name === undefined)
  const shape = schema.data?.properties?.[section]
  if (config.data === undefined || shape === undefined) return null
  const value = valuesOf(config.data.text)[section]
  const saved = isObject(value) ? value : undefined
  return (
    <Accordion variant="separated" keepMounted={false} mb="sm" defaultValue={isUnsaved ? section : null}>
      <Accordion.Item value={section}>
        <Accordion.Control><Text fw={600}>{label}</Text><Text size="sm" className="quiet">{saved === undefined ? t('form.notSet') : t('form.set')}</Text>{isUnsaved ? <UnsavedBadge /> : null}</Accordion.Control>
        <Accordion.Panel>
          <Stack gap="md">
            <ConfigItem path={[section]} saved={saved} etag={config.data.etag} schema={shape} canWrite={config.data.writable} extra={tested === undefined ? undefined : (_, isSaved) => isSaved ? <NotifierHealth name={tested} /> : null} />
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  )
}
