import type { Container } from './container.ts'
import { execText } from './exec.ts'

const limitMs = 60_000

/**
 * Switches Nextcloud's maintenance mode, as the owner of its configuration: occ refuses anybody else.
 * @throws AppError `containers.exec`, `process.timeout`, `interrupted`.
 */
export async function switchMaintenance(container: Container, on: boolean, signal: AbortSignal): Promise<void> {
  const [folder = '', owner = ''] = (await execText(container, find, [], { signal, timeoutMs: limitMs, user: '0' })).trim().split('\n')
  await execText(container, 'cd "$1" && exec php occ maintenance:mode "$2"', [folder, on ? '--on' : '--off'], { signal, timeoutMs: limitMs, user: owner })
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
