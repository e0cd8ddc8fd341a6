import type { AppCard } from '../../model/api/overview.ts'

/** What an application's state topic holds, as JSON; what is unknown is null. */
export type AppPayload = {
  readonly app: string
  readonly state: AppCard['status']['state']
  /** True while something failed or is overdue, also during a run. */
  readonly problem: boolean
  readonly sentence: string
  readonly last_backup: string | null
  readonly last_verified: string | null
  readonly age_hours: number | null
  readonly size_bytes: number | null
  readonly content_bytes: number | null
  readonly restore_points: number
  readonly next_run: string | null
}

export function appPayload(card: AppCard, now: Date): AppPayload {
  const { status, newest } = card
  return {
    app: card.name,
    state: status.state,
    problem: status.state === 'never' || status.reasons.some(({ severity }) => severity === 'failed'),
    sentence: status.sentence,
    last_backup: newest?.startedAt ?? null,
    last_verified: newest?.verifiedAt ?? null,
    // Coarse, so that not every look is a new message.
    age_hours: newest === undefined ? null : Math.max(0, Math.floor((now.getTime() - Date.parse(newest.startedAt)) / 360_000) / 10),
    size_bytes: newest?.sizeBytes ?? null,
    content_bytes: newest?.contentBytes ?? null,
    restore_points: card.points,
    next_run: card.schedule?.next ?? null,
  }
}
