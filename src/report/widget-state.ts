import type { AppCard, DestinationState } from '../model/api/overview.ts'
import type { Circle, Trouble, WidgetState } from '../model/api/widget.ts'
import type { StatusReason } from '../model/status.ts'
import { usualMinSizeBytes } from './usual-min-size.ts'

type Facts = Pick<AppCard, 'name' | 'status' | 'running' | 'newest' | 'destinations'> & {
  /** The application's own `expect.minSize`. */
  readonly minSizeBytes?: number
}

const reaches = ['local', 'network', 'cloud'] as const
type Reach = (typeof reaches)[number]

const troubleOf: Partial<Record<string, Trouble>> = {
  'never-ran': 'missing', 'vault-empty': 'missing', 'missing': 'missing', 'vault-unreachable': 'unreachable', 'overdue': 'overdue', 'damaged': 'damaged',
  'too-small': 'too-small', 'shrunk': 'too-small', 'incomplete': 'log-error', 'run-failed': 'log-error', 'run-partial': 'log-error', 'interrupted': 'log-error',
  'missed': 'overdue', 'skipped': 'overdue', 'unverified': 'unverified', 'unfinished-restore': 'unfinished-restore', 'clock': 'clock',
}
/** What makes a circle red where it is grave: a backup that one would look for in vain. */
const absent: ReadonlySet<Trouble> = new Set(['missing', 'unreachable', 'overdue', 'damaged'])

const rank = { green: 0, orange: 1, red: 2 } as const
type Lit = keyof typeof rank

/**
 * What the status widget shows of an application. Every reason of the status colours some circle: it is never all green where the
 * status has something to say. Without `minSizeBytes` the newest archive is held against the usual 100 MB; with it the status has
 * judged the content.
 */
export function widgetState({ name, status, running, newest, destinations, minSizeBytes }: Facts, now: Date): WidgetState {
  const isRunning = running?.kind === 'backup'
  const isSmall = newest !== undefined && minSizeBytes === undefined && newest.sizeBytes < usualMinSizeBytes
  const troubles = new Set<Trouble>(status.reasons.map(({ code }) => troubleOf[code] ?? 'other'))
  if (newest === undefined) troubles.add('missing')
  if (isSmall) troubles.add('too-small')
  const never = status.reasons.some(({ code }) => code === 'never-ran') || (newest === undefined && status.lastRun === undefined)
  return {
    version: 1,
    app: name,
    action: isRunning ? 'running' : never ? 'none' : 'done',
    ...(newest === undefined ? {} : { lastAt: newest.startedAt }),
    fileName: newest?.fileName ?? '',
    sizeBytes: newest?.sizeBytes ?? 0,
    minSizeBytes: minSizeBytes ?? usualMinSizeBytes,
    circles: circlesOf(destinations, status.reasons, newest === undefined ? 'red' : isSmall ? 'orange' : 'green'),
    troubles: [...troubles],
    state: isRunning ? 'running' : never ? 'never' : gravest(status.reasons, isSmall || newest === undefined),
    judgedAt: status.judgedAt,
    answeredAt: now.toISOString(),
  }
}

/** `whole`: what the application's newest point as such deserves, wherever it lies. */
function circlesOf(destinations: readonly DestinationState[], reasons: readonly StatusReason[], whole: Lit): WidgetState['circles'] {
  const on = reaches.filter((reach) => destinations.some((destination) => destination.reach === reach && destination.state !== 'off'))
  // Without any destination there is something to miss all the same.
  const shown: readonly Reach[] = on.length === 0 ? ['local'] : on
  const colors = new Map<Reach, Lit>(shown.map((reach) => [reach, whole === 'red' ? 'red' : 'green']))
  const raise = (where: readonly Reach[], color: Lit): void => {
    for (const reach of where) if (rank[color] > rank[colors.get(reach) ?? 'green']) colors.set(reach, color)
  }
  // What concerns no destination, as a run that failed, stands at the local one.
  const general: readonly Reach[] = shown.includes('local') ? ['local'] : shown
  raise(general, whole)
  for (const { reach, state } of destinations) {
    if (state === 'failed') raise([reach], 'red')
    else if (state === 'warning') raise([reach], 'orange')
  }
  for (const reason of reasons) {
    const reach = destinations.find((destination) => destination.name === reason.vault && destination.state !== 'off')?.reach
    raise(reason.code === 'never-ran' ? shown : reach === undefined ? general : [reach], colorOf(reason))
  }
  const circle = (reach: Reach): Circle => colors.get(reach) ?? 'grey'
  return { local: circle('local'), network: circle('network'), cloud: circle('cloud') }
}

function colorOf({ code, severity }: StatusReason): Lit {
  return severity === 'failed' && absent.has(troubleOf[code] ?? 'other') ? 'red' : 'orange'
}

function gravest(reasons: readonly StatusReason[], more: boolean): 'ok' | 'warning' | 'failed' {
  if (reasons.some(({ severity }) => severity === 'failed')) return 'failed'
  return reasons.length > 0 || more ? 'warning' : 'ok'
}
