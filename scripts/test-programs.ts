import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Programs that the tests start, each with the Debian package that brings it. */
const programs: readonly (readonly [program: string, debianPackage: string])[] = [
  ['mariadbd', 'mariadb-server'],
  ['mariadb-dump', 'mariadb-client'],
  ['sqlite3', 'sqlite3'],
  ['7z', 'p7zip-full'],
  ['zip', 'zip'],
  ['unzip', 'unzip'],
  ['zstd', 'zstd'],
  ['setfacl', 'acl'],
  ['setfattr', 'attr'],
  ['strace', 'strace'],
  ['python3', 'python3'],
  ['busybox', 'busybox-static'],
  ['runuser', 'util-linux'],
  ['systemd-analyze', 'systemd'],
  ['php', 'php-cli'],
  ['zsh', 'zsh'],
  ['fish', 'fish'],
  ['podman', 'podman'],
  ['runc', 'runc'],
  ['redis-server', 'redis-server'],
  ['influxd', 'influxdb'],
  ['influx', 'influxdb-client'],
  ['pg_ctlcluster', 'postgresql'],
  ['gpg', 'gnupg'],
  ['mosquitto', 'mosquitto'],
  ['openssl', 'openssl'],
  ['mosquitto_pub', 'mosquitto-clients'],
  ['chromium-headless-shell', 'chromium-headless-shell'],
]

/** Debian packages of programs that are not there. */
export function missingPackages(): string[] {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return programs.filter(([program]) => !folders.some((folder) => isProgram(join(folder, program)))).map(([, name]) => name)
}

/**
 * Brings the packages where that can be done without asking: as root on Debian.
 * @throws Error with the one command to run where it cannot.
 */
export function installPackages(packages: readonly string[]): void {
  const command = `apt-get install --yes --no-install-recommends ${packages.join(' ')}`
  if (process.getuid?.() !== 0 || !isDebian()) {
    throw new Error(`the tests start real programs that are missing here; on Debian 12 or later, run:\n  sudo apt-get update && sudo ${command}`)
  }
  console.log(`Installing the Debian packages ${packages.join(', ')} …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], command.split(' ').slice(1)]) {
    const { status, stdout, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${stdout}${stderr}`)
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function isDebian(): boolean {
  try {
    return /^ID(_LIKE)?=.*debian/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}
