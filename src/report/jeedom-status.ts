import type { DestinationState } from '../model/api/overview.ts'
import type { Outcome, RunKind } from '../model/run-event.ts'
import type { Status, StatusReason } from '../model/status.ts'
import { usualMinSizeBytes } from './usual-min-size.ts'

/** What the tile "Info backup" of a Jeedom reads: exactly these nine keys. `0` is well, `1` an error, `-1` switched off. */
export type JeedomStatus = {
  /** `2026-11-21` and `03:00:12`: when the backup that `action` is about began or ended; empty before the first. */
  readonly date: string
  readonly heure: string
  readonly minSizeBackup: number
  readonly backup: {
    readonly local: { readonly fileName: string; readonly fileSize: number; readonly erreurFileSize: 0 | 1; readonly error: 0 | 1 }
    readonly samba: { readonly error: -1 | 0 | 1 }
    readonly market: { readonly error: -1 | 0 | 1 }
  }
  /** When the newest sound restore point was made; empty where there is none. */
  readonly lastSave: string
  /** 1 while the backup runs that an update asked for. */
  readonly update: 0 | 1
  /** Empty where no backup was ever begun. */
  readonly action: '' | 'startUpdate' | 'startBackup' | 'endBackup'
  /** 1 where the state itself could not be told wholly. */
  readonly errorScenario: 0 | 1
  /** 1 where the last backup did not end well. */
  readonly errorLogBackup: 0 | 1
}

type RunTold = { readonly kind: RunKind; readonly startedAt: string; readonly finishedAt?: string; readonly outcome?: Outcome; readonly notes: readonly { readonly code: string }[] }

export type JeedomStatusInput = {
  readonly status: Status
  /** The newest sound restore point of the scope that is expected. */
  readonly newest?: { readonly fileName: string; readonly sizeBytes: number; readonly startedAt: string }
  /** The backup that runs right now: one that holds the application's lock. */
  readonly running?: RunTold
  /** Runs that have ended; one whose process died is `interrupted`. */
  readonly runs: readonly RunTold[]
  /** From the application's expectations, of its content; without it the archive's own size is held against Jeedom's usual 100 MB. */
  readonly minSizeBytes?: number
  /** Where its restore points lie: `samba` tells of those in the network, `market` of those in a cloud. */
  readonly destinations?: readonly Pick<DestinationState, 'name' | 'reach' | 'state'>[]
}

/** The note in the journal of a backup that an update asked for. */
export const beforeUpdateCode = 'backup.before-update'

const missing: ReadonlySet<StatusReason['code']> = new Set(['never-ran', 'vault-unreachable', 'vault-empty', 'overdue', 'missing', 'damaged', 'missed', 'skipped'])
/** What is an error only once it is grave. */
const gradual: ReadonlySet<StatusReason['code']> = new Set(['overdue', 'damaged', 'missed', 'skipped'])
const tooSmall: ReadonlySet<StatusReason['code']> = new Set(['too-small', 'shrunk'])
const unknowable: ReadonlySet<StatusReason['code']> = new Set(['vault-unreachable', 'clock'])

/** The status of an application for Jeedom's tile. */
export function jeedomStatus({ status, newest, running, runs, minSizeBytes, destinations = [] }: JeedomStatusInput): JeedomStatus {
  const last = runs.filter(({ kind }) => kind === 'backup').toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))[0]
  const now = running?.kind === 'backup' ? running : undefined
  const isUpdate = now?.notes.some(({ code }) => code === beforeUpdateCode) === true
  const moment = now?.startedAt ?? last?.finishedAt ?? last?.startedAt
  // Of several places the local ones have a tag of their own; where all lie elsewhere it tells of the whole.
  const elsewhere = new Set(destinations.some(({ reach }) => reach === 'local') ? destinations.filter(({ reach }) => reach !== 'local').map(({ name }) => name) : [])
  const local = status.reasons.filter(({ vault }) => vault === undefined || !elsewhere.has(vault))
  const smallFile = newest !== undefined && minSizeBytes === undefined && newest.sizeBytes < usualMinSizeBytes
  return {
    date: moment === undefined ? '' : localDate(moment),
    heure: moment === undefined ? '' : localTime(moment),
    minSizeBackup: minSizeBytes ?? usualMinSizeBytes,
    backup: {
      local: {
        fileName: safeName(newest?.fileName ?? ''),
        fileSize: newest?.sizeBytes ?? 0,
        erreurFileSize: flag(smallFile || tells(local, tooSmall)),
        error: flag(newest === undefined || tells(local, missing)),
      },
      samba: { error: uploads(destinations, 'network', status.reasons) },
      market: { error: uploads(destinations, 'cloud', status.reasons) },
    },
    lastSave: newest === undefined ? '' : `${localDate(newest.startedAt)} ${localTime(newest.startedAt)}`,
    update: flag(isUpdate),
    action: now === undefined ? (last === undefined ? '' : 'endBackup') : isUpdate ? 'startUpdate' : 'startBackup',
    errorScenario: flag(tells(status.reasons, unknowable)),
    errorLogBackup: flag(last !== undefined && last.outcome !== 'ok'),
  }
}

function tells(reasons: readonly StatusReason[], codes: ReadonlySet<StatusReason['code']>): boolean {
  return reasons.some(({ code, severity }) => codes.has(code) && (!gradual.has(code) || severity === 'failed'))
}

/** Of the places of one reach: 1 where one of them lacks what it should have. There is no tag for their size. */
function uploads(destinations: NonNullable<JeedomStatusInput['destinations']>, reach: DestinationState['reach'], reasons: readonly StatusReason[]): -1 | 0 | 1 {
  const there = destinations.filter((destination) => destination.reach === reach && destination.state !== 'off')
  if (there.length === 0) return -1
  return flag(there.some(({ name, state }) => {
    const own = reasons.filter(({ vault }) => vault === name)
    return state === 'failed' || tells(own, missing) || tells(own, tooSmall)
  }))
}

/** Jeedom writes a value as it is into its pages' scripts, so that a hostile name could become one: only plain signs stay. */
function safeName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{M}\p{N} ._+@=,:()[\]~-]/gu, '_')
}

function flag(value: boolean): 0 | 1 {
  return value ? 1 : 0
}

function localDate(instant: string): string {
  const at = new Date(instant)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

function localTime(instant: string): string {
  const at = new Date(instant)
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
