import type { Circle } from '../../src/model/api/widget.ts'
import type { Answer } from './read-answer.ts'
import { isRecord, parsed } from './read-answer.ts'
import type { Problem, TileTrouble } from './tile-words.ts'

/** A run that has told no end for so long is none any more. */
const longestRunMs = 24 * 3_600_000

/**
 * The value of nine keys that a Jeedom's command holds (docs/reference/jeedom-status.md), as the tile draws it. `now` tells whether a
 * backup that runs according to it can still be running.
 */
export function readJeedom(text: string, app: string, now: Date): Answer | Problem {
  // Jeedom gives a value as it was sent, or with its quotes escaped for HTML.
  const value = parsed(text) ?? parsed(text.replaceAll('&quot;', '"'))
  if (!isRecord(value)) return 'invalid'
  const { date, heure, minSizeBackup, backup, lastSave, update, action, errorScenario, errorLogBackup } = value
  if ([date, heure, minSizeBackup, backup, lastSave, update, action, errorScenario, errorLogBackup].includes(undefined)) return 'incomplete'
  if (!isRecord(backup)) return 'invalid'
  const { local, samba, market } = backup
  if (!isRecord(local) || !isRecord(samba) || !isRecord(market)) return 'incomplete'
  const tags = [local['error'], local['erreurFileSize'], samba['error'], market['error'], errorScenario, errorLogBackup]
  if (tags.includes(undefined) || local['fileName'] === undefined) return 'incomplete'
  const [errorLocal, errorSize, errorSamba, errorMarket, scenario, log] = tags.map(Number)
  if (tags.some((tag) => ![-1, 0, 1].includes(Number(tag)))) return 'invalid'
  if (typeof action !== 'string' || typeof lastSave !== 'string' || !['', 'startUpdate', 'startBackup', 'endBackup'].includes(action)) return 'invalid'
  const begun = new Date(`${String(date)}T${String(heure)}`).getTime()
  const isRunning = action.startsWith('start')
  const isLost = isRunning && !(now.getTime() - begun < longestRunMs)
  const upload = (tag: number | undefined): Circle => tag === -1 ? 'grey' : tag === 0 ? 'green' : 'red'
  const troubles: TileTrouble[] = []
  if (errorLocal !== 0 || errorSamba === 1 || errorMarket === 1) troubles.push('missing')
  if (log !== 0) troubles.push('log-error')
  if (errorSize !== 0) troubles.push('too-small')
  if (scenario !== 0) troubles.push('other')
  if (isLost) troubles.push('no-end')
  const circle: Circle = errorLocal !== 0 ? 'red' : errorSize !== 0 || log !== 0 || scenario !== 0 || isLost ? 'orange' : 'green'
  return {
    app,
    action: isRunning ? isLost ? 'done' : 'running' : action === '' ? 'none' : 'done',
    fileName: String(local['fileName']),
    sizeBytes: Number(local['fileSize'] ?? 0) || 0,
    circles: { local: circle, network: upload(errorSamba), cloud: upload(errorMarket) },
    troubles,
    state: isRunning && !isLost ? 'running' : action === '' ? 'never' : troubles.includes('missing') ? 'failed' : troubles.length > 0 ? 'warning' : 'ok',
    ...(lastSave === '' ? {} : { last: { text: lastSave } }),
    ageMs: 0,
  }
}
