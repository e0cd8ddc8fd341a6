import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, messageOf } from '../../kit/app-error.ts'
import type { Run } from '../../model/run.ts'
import type { Container } from '../../sources/containers/container.ts'
import { inspectContainer } from '../../sources/containers/container.ts'
import { isInMaintenance, switchMaintenance } from '../../sources/containers/nextcloud.ts'
import type { ApplicationContainer } from '../containers-of.ts'

const tries = 20
const tryAgainMs = 1000

/**
 * A Nextcloud whose files were saved in maintenance mode is in that mode once they are restored: takes it out again, or tells how.
 * `wasSaved`: the restore point says that one was; else those that the configuration names are looked at.
 */
export async function endMaintenance(containers: readonly ApplicationContainer[], wasSaved: boolean, run: Run): Promise<void> {
  const found = containers.filter(({ container, mode }) => !container.isOneOff && (mode === 'maintenance' || (wasSaved && /(?:^|\/)nextcloud(?:[:@]|$)/.test(container.image))))
  if (wasSaved && found.length === 0) tellMaintenance(run)
  for (const { container: { engine, id, name } } of found) {
    const container = await inspectContainer(engine, id, run.signal)
    if (container?.state !== 'running') {
      if (wasSaved) tellMaintenance(run, name)
      continue
    }
    try {
      if (await switchedOff(container, run)) run.emit({ type: 'run.note', code: 'containers.maintenance', message: `${name} came back in maintenance mode, in which its files had been saved, and is out of it again` })
    } catch (error) {
      if (run.signal.aborted || !(error instanceof AppError)) throw error
      run.emit({ type: 'run.warning', code: 'containers.maintenance', message: `${name} may be in maintenance mode, in which its files were saved, and could not be taken out of it: ${messageOf(error)}. ${remedy(name)}` })
    }
  }
}

/** Where no container is there to be asked. */
export function tellMaintenance(run: Run, name = 'NAME'): void {
  run.emit({ type: 'run.note', code: 'containers.maintenance', message: `Nextcloud's files were saved in maintenance mode, and it will be in that mode when it starts. ${remedy(name)}` })
}

function remedy(name: string): string {
  return `Switch it off once it runs: docker exec --user www-data ${name} php occ maintenance:mode --off`
}

/** Its database may just be starting. @returns whether it was on. */
async function switchedOff(container: Container, run: Run): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (!await isInMaintenance(container, run.signal)) return false
      await switchMaintenance(container, false, run.signal)
      return true
    } catch (error) {
      if (run.signal.aborted || attempt >= tries) throw error
      await sleep(tryAgainMs)
    }
  }
}
