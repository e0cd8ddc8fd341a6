import { AppError, messageOf } from '../../kit/app-error.ts'
import { isStaleTemporary, temporaryName, temporaryPrefix } from '../../kit/temporary-name.ts'
import type { Run } from '../../model/run.ts'
import type { Container } from './container.ts'
import { execText } from './exec.ts'
import { callName } from './find-containers.ts'

const folder = '/tmp'
const limitMs = 60_000

/** A new path in the container for a dump that its program cannot print; its name tells which process of ours it is for. */
export function containerTemporary(): string {
  return `${folder}/${temporaryName()}`
}

/**
 * Removes from a container what runs that were killed have left there: a dump that nobody will fetch any more may be large, and
 * holds everything. What belongs to a process that is alive stays. It never fails; what cannot be removed is told.
 */
export async function removeStaleTemporaries(container: Container, run: Run): Promise<void> {
  try {
    const listed = await execText(container, list, [`${folder}/${temporaryPrefix}`], { signal: run.signal, timeoutMs: limitMs })
    const stale = listed.split('\n').flatMap((line) => {
      const [, seconds, name = ''] = /^(\d*) (.+)$/.exec(line) ?? []
      const modifiedAt = seconds === undefined || seconds === '' ? run.now() : new Date(Number(seconds) * 1000)
      return isStaleTemporary(name, modifiedAt, run.now()) ? [`${folder}/${name}`] : []
    })
    if (stale.length === 0) return
    await execText(container, 'exec rm -rf "$@"', stale, { signal: run.signal, timeoutMs: limitMs })
    run.emit({ type: 'run.note', code: 'containers.tidied', message: `Removed from ${callName(container)} what a run that was killed had left there: ${stale.join(', ')}` })
  } catch (error) {
    if (run.signal.aborted || !(error instanceof AppError)) throw error
    run.emit({ type: 'run.note', code: 'containers.left-over', message: `What killed runs may have left in ${callName(container)} could not be removed: ${messageOf(error)}` })
  }
}

// A container need not have stat.
const list = `for path in "$1"*; do
  [ -e "$path" ] || continue
  echo "$(stat -c %Y "$path" 2>/dev/null) \${path##*/}"
done`
