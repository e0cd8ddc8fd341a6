import type { Status, StatusReason } from '../../src/model/status.ts'

type Short = StatusReason['code'] | `${StatusReason['code']}:${StatusReason['severity']}`

/** A status with these reasons: `run-failed`, `overdue:warning`. */
export function sampleStatus(app: string, reasons: readonly (Short | StatusReason)[] = [], rest: Partial<Status> = {}): Status {
  const full = reasons.map((reason): StatusReason => {
    if (typeof reason !== 'string') return reason
    const [code, severity = 'failed'] = reason.split(':')
    return { code: code as StatusReason['code'], severity: severity as StatusReason['severity'], message: `It is ${code}.`, ...(code === 'run-failed' ? { run: 'backup' as const } : {}) }
  })
  const newest = { id: 'a1', startedAt: '2026-11-20T03:00:00.000Z', scope: 'full' as const, sizeBytes: 1000, contentBytes: 4000, verifiedAt: '2026-11-20T03:05:00.000Z' }
  return {
    version: 1, app, state: full[0]?.code === 'never-ran' ? 'never' : full[0]?.severity ?? 'ok', sentence: full[0]?.message ?? 'All is well.', reasons: full,
    vaults: [{ name: 'nas', reachable: true, points: 3, sizeBytes: 3000, newest }], judgedAt: '2026-11-21T10:00:00.000Z', ...rest,
  }
}
