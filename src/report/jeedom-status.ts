import type { Outcome, RunKind } from '../model/run-event.ts'
import type { Status, StatusReason } from '../model/status.ts'

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
}

/** The note in the journal of a backup that an update asked for. */
export const beforeUpdateCode = 'backup.before-update'

/** As Jeedom's scenario has it unless somebody changes it. */
const usualMinSizeBytes = 100 * 1024 ** 2

const missing: ReadonlySet<StatusReason['code']> = new Set(['never-ran', 'vault-unreachable', 'vault-empty', 'overdue', 'missing'])
const tooSmall: ReadonlySet<StatusReason['code']> = new Set(['too-small', 'shrunk'])
const unknowable: ReadonlySet<StatusReason['code']> = new Set(['vault-unreachable', 'clock'])

/** The status of an application for Jeedom's tile. */
export function jeedomStatus({ status, newest, running, runs, minSizeBytes }: JeedomStatusInput): JeedomStatus {
  const last = runs.filter(({ kind }) => kind === 'backup').toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))[0]
  const now = running?.kind === 'backup' ? running : undefined
  const isUpdate = now?.notes.some(({ code }) => code === beforeUpdateCode) === true
  const moment = now?.startedAt ?? last?.finishedAt ?? last?.startedAt
  const has = (codes: ReadonlySet<StatusReason['code']>): boolean => status.reasons.some(({ code, severity }) => codes.has(code) && (code !== 'overdue' || severity === 'failed'))
  const damaged = status.reasons.some(({ code, severity }) => code === 'damaged' && severity === 'failed')
  const smallFile = newest !== undefined && minSizeBytes === undefined && newest.sizeBytes < usualMinSizeBytes
  return {
    date: moment === undefined ? '' : localDate(moment),
    heure: moment === undefined ? '' : localTime(moment),
    minSizeBackup: minSizeBytes ?? usualMinSizeBytes,
    backup: {
      local: {
        fileName: newest?.fileName ?? '',
        fileSize: newest?.sizeBytes ?? 0,
        erreurFileSize: flag(smallFile || has(tooSmall)),
        error: flag(newest === undefined || damaged || has(missing)),
      },
      samba: { error: -1 },
      market: { error: -1 },
    },
    lastSave: newest === undefined ? '' : `${localDate(newest.startedAt)} ${localTime(newest.startedAt)}`,
    update: flag(isUpdate),
    action: now === undefined ? (last === undefined ? '' : 'endBackup') : isUpdate ? 'startUpdate' : 'startBackup',
    errorScenario: flag(has(unknowable)),
    errorLogBackup: flag(last !== undefined && last.outcome !== 'ok'),
  }
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
