import { Badge, Group } from '@mantine/core'
import { IconAlertTriangle, IconShieldCheck, IconShieldOff } from '@tabler/icons-react'
import { Fragment } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Point } from '../../../src/model/api/overview.ts'
import { Instant } from './instant.tsx'
import { Name } from './name.tsx'
import { StateIcon, StateMark } from './state-mark.tsx'
import type { ShownState } from './state-mark.tsx'

/** How far a restore point can be relied on. */
function pointState({ damagedAt, complete, verifiedAt }: Pick<Point, 'damagedAt' | 'complete' | 'verifiedAt'>): ShownState {
  if (damagedAt !== undefined) return 'failed'
  if (!complete) return 'warning'
  return verifiedAt === undefined ? 'unknown' : 'ok'
}

export function PointIcon({ point }: { readonly point: Point }): ReactElement {
  return <StateIcon state={pointState(point)} size={22} />
}

/** Verified, damaged or incomplete, in words. */
export function PointState({ point }: { readonly point: Point }): ReactElement {
  const { t } = useTranslation()
  if (point.damagedAt !== undefined) return <StateMark state="failed" label={t('point.damaged')} />
  return (
    <Group gap={6}>
      {point.complete ? null : <StateMark state="warning" label={t('point.incomplete', { count: point.warnings })} />}
      {point.verifiedAt === undefined
        ? <span className="state state-unknown"><IconShieldOff size={16} aria-hidden="true" />{t('point.unverified')}</span>
        : <span className="state state-ok"><IconShieldCheck size={16} aria-hidden="true" /><span>{t('point.verified')} <Instant at={point.verifiedAt} /></span></span>}
      {point.warnings > 0 && point.complete ? <span className="state state-warning"><IconAlertTriangle size={16} aria-hidden="true" />{t('point.warnings', { count: point.warnings })}</span> : null}
    </Group>
  )
}

/** Where its copies lie, and which of them is damaged. */
export function Copies({ copies }: { readonly copies: Point['copies'] }): ReactElement {
  const { t } = useTranslation()
  return <>{copies.map(({ vault, damagedAt }, index) => <Fragment key={vault}>{index === 0 ? null : ', '}<Name>{vault}</Name>{damagedAt === undefined ? null : <b className="state-failed"> ({t('point.damaged')})</b>}</Fragment>)}</>
}

/** What kind of point it is: scope, slot, encryption, another program's. */
export function PointKind({ point }: { readonly point: Point }): ReactElement {
  const { t } = useTranslation()
  return (
    <Group gap={6}>
      <Badge variant="light" color={point.scope === 'full' ? 'kelp' : 'gray'} tt="none" autoContrast={false} styles={{ label: { color: 'var(--mantine-color-text)' } }}>{t(`scope.${point.scope}`)}</Badge>
      {point.slot === 'rolling' ? <Badge variant="default" tt="none">{t('point.rolling')}</Badge> : null}
      {point.encrypted ? <Badge variant="default" tt="none">{t('point.encrypted')}</Badge> : null}
      {point.foreign === undefined ? null : <Badge variant="default" tt="none">{t('point.foreign', { kind: point.foreign.kind })}</Badge>}
      <Badge variant="default" tt="none">{point.format}</Badge>
    </Group>
  )
}
