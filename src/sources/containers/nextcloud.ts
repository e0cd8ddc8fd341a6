import type { Container } from './container.ts'
import { execText } from './exec.ts'

const limitMs = 60_000

/** Whether it is in maintenance mode. @throws AppError `containers.exec`, `process.timeout`, `interrupted`. */
export async function isInMaintenance(container: Container, signal: AbortSignal): Promise<boolean> {
  return /\benabled\b/.test(await occ(container, [], signal))
}

/**
 * Switches Nextcloud's maintenance mode, as the owner of its configuration: occ refuses anybody else.
 * @throws AppError `containers.exec`, `process.timeout`, `interrupted`.
 */
export async function switchMaintenance(container: Container, on: boolean, signal: AbortSignal): Promise<void> {
  await occ(container, [on ? '--on' : '--off'], signal)
}

async function occ(container: Container, args: readonly string[], signal: AbortSignal): Promise<string> {
  const [folder = '', owner = ''] = (await execText(container, find, [], { signal, timeoutMs: limitMs, user: '0' })).trim().split('\n')
  return await execText(container, 'cd "$1" && shift && exec php occ maintenance:mode "$@"', [folder, ...args], { signal, timeoutMs: limitMs, user: owner })
}

// Where the official image and LinuxServer's have it.
const find = `for folder in /var/www/html /app/www/public /config/www/nextcloud; do
  if [ -f "$folder/occ" ]; then
    echo "$folder"
    exec stat -L -c %u "$folder/config/config.php"
  fi
done
echo "no Nextcloud was found in this container" >&2
exit 1`
