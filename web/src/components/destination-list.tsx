import { Group, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconCloud, IconDeviceSdCard, IconNetwork } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { DestinationState } from '../../../src/model/api/overview.ts'
import { Bytes } from './bytes.tsx'
import { Name } from './name.tsx'
import { StateMark } from './state-mark.tsx'

const icons = { local: IconDeviceSdCard, network: IconNetwork, cloud: IconCloud } as const

/** Where copies lie, and how each place does. */
export function DestinationList({ destinations, full = false }: { readonly destinations: readonly DestinationState[]; readonly full?: boolean }): ReactElement {
  const { t } = useTranslation()
  return (
    <Stack gap={full ? 'sm' : 6}>
      {destinations.map(({ name, reach, state, text, place, freeBytes, inside }) => {
        const Icon = icons[reach]
        return (
          <div key={name}>
            <Group gap="xs" wrap="nowrap">
              <Icon size={18} stroke={1.6} aria-label={t(`reach.${reach}`)} role="img" />
              <Text size="sm" fw={550} truncate style={{ flex: 1 }}><Name>{name}</Name></Text>
              {inside && state !== 'warning' ? <IconAlertTriangle size={16} color="var(--state-warning)" role="img" aria-label={t('destination.inside')} /> : null}
              <StateMark state={state} label={inside && state === 'warning' ? t('destination.inside') : t(`place.${state}`)} />
            </Group>
            {full ? (
              <Stack gap={2} mt={4} pl={26}>
                <Text size="xs" className="quiet"><Name mono>{place}</Name></Text>
                {freeBytes === undefined ? null : <Text size="xs" className="quiet">{t('destination.free')} <Bytes value={freeBytes} /></Text>}
                {text === '' || state === 'ok' ? null : <Text size="xs"><bdi lang="en">{text}</bdi></Text>}
                {inside ? <Text size="xs" c="var(--state-warning)">{t('destination.insideHint')}</Text> : null}
              </Stack>
            ) : null}
          </div>
        )
      })}
    </Stack>
  )
}
