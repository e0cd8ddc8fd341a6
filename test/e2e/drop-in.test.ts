import assert from 'node:assert/strict'
import { chmod, copyFile, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { launcher, newMachine, projectFolder } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Answer } from './program.ts'
import { answerOf, program } from './program.ts'

const dropIns = join(projectFolder, 'bin/drop-in/iotstack')

/** A stack of IOTstack's shape in the home folder, with its two scripts, whose cron lines are to go on working. */
async function machineWithStack(): Promise<Machine & { stack: string }> {
  const machine = await newMachine()
  const stack = join(machine.home, 'IOTstack')
  for (const folder of ['scripts', 'services/mosquitto', 'volumes/mosquitto/data', 'backups', 'menu']) await mkdir(join(stack, folder), { recursive: true })
  await writeFile(join(stack, 'menu.sh'), '#!/bin/bash\n')
  await writeFile(join(stack, 'docker-compose.yml'), 'services:\n  mosquitto:\n    image: eclipse-mosquitto\n    volumes: [./volumes/mosquitto/data:/mosquitto/data]\n')
  await writeFile(join(stack, 'services/mosquitto/mosquitto.conf'), 'listener 1883\n')
  await writeFile(join(stack, 'volumes/mosquitto/data/mosquitto.db'), 'state')
  await writeFile(join(stack, '.env'), 'TZ=Europe/Rome\n')
  for (const name of ['backup.sh', 'restore.sh']) {
    await writeFile(join(stack, 'scripts', name), `#!/bin/bash\n# IOTstack's own ${name}\n`)
    await chmod(join(stack, 'scripts', name), 0o775)
  }
  return Object.assign(machine, { stack })
}

/** As cron does it: the user's home, a bare environment, a line for sh. */
async function cron(machine: Machine, line: string, shell = 'sh'): Promise<Answer> {
  return await answerOf(shell, ['-c', line], { cwd: machine.home, env: { ...machine.env, PATH: '/usr/bin:/bin' } })
}

test('[IOTstack] the cron line that was there goes on working, with the same types, user and places', async () => {
  await using machine = await machineWithStack()
  const { stack } = machine
  await machine.holdfast(['drop-in', 'install', 'iotstack', stack], { config: false })
  const isRoot = process.geteuid?.() === 0
  const quiet = await cron(machine, '~/IOTstack/scripts/backup.sh 2 daemon >/dev/null 2>&1')
  assert.deepEqual(quiet, { status: 0, stdout: '', stderr: '' })
  const weekday = String(new Date().getUTCDay() || 7)
  assert.deepEqual((await readdir(join(stack, 'backups/rolling'))).filter((name) => name.endsWith('.tar.gz')), [`backup_${weekday}.tar.gz`])
  if (isRoot) assert.equal((await stat(join(stack, `backups/rolling/backup_${weekday}.tar.gz`))).uid, 1, 'it belongs to the user who is named')
  assert.ok(!(await readdir(join(stack, 'backups'))).includes('backup'), 'type 2 makes no dated one')

  await cron(machine, 'cd ~/IOTstack && ./scripts/backup.sh 1')
  const dated = (await readdir(join(stack, 'backups/backup'))).find((name) => name.endsWith('.tar.gz')) ?? ''
  assert.match(dated, /^backup_\d{4}-\d\d-\d\d_\d{4}(?:_\d+)?\.tar\.gz$/)
  assert.ok((await readdir(join(stack, 'backups/logs'))).some((name) => /^backup_.*\.log$/.test(name)))
  const { stdout } = await program('tar', 'tar', ['-tzf', join(stack, 'backups/backup', dated)])
  for (const member of ['docker-compose.yml', 'services/mosquitto/mosquitto.conf', 'volumes/mosquitto/data/mosquitto.db', '.env']) assert.ok(stdout.split('\n').some((name) => name.replace('./', '') === member), `${member} in\n${stdout}`)

  for (const line of ['~/IOTstack/scripts/backup.sh 4', '~/IOTstack/scripts/backup.sh x', '~/IOTstack/scripts/backup.sh 1 a b']) {
    const { status, stderr } = await cron(machine, line)
    assert.equal(status, 1, line)
    assert.match(stderr, /Usage: backup\.sh \[TYPE=3\] \[USER\]/)
  }
})

test('[IOTstack] restore.sh restores a file of backups/, asks unless told "noask" in any place, and touches nothing for a file that is missing', async () => {
  await using machine = await machineWithStack()
  const { stack } = machine
  await machine.holdfast(['drop-in', 'install', 'iotstack', stack], { config: false })
  assert.equal((await cron(machine, '~/IOTstack/scripts/backup.sh 2')).status, 0)
  const name = (await readdir(join(stack, 'backups/rolling'))).find((file) => file.endsWith('.tar.gz')) ?? ''
  const env = join(stack, '.env')
  await writeFile(env, 'changed\n')
  const asked = await cron(machine, `~/IOTstack/scripts/restore.sh rolling/${name}`)
  assert.equal(asked.status, 1)
  assert.match(asked.stderr, /nobody is there to be asked/)
  assert.equal(await readFile(env, 'utf8'), 'changed\n')
  const missing = await cron(machine, '~/IOTstack/scripts/restore.sh noask')
  assert.deepEqual([missing.status, missing.stderr.includes('backups/backup.tar.gz')], [2, true])
  for (const line of [`noask rolling/${name}`, `rolling/${name} noask`]) {
    await writeFile(env, 'changed\n')
    const { status, stderr } = await cron(machine, `~/IOTstack/scripts/restore.sh ${line}`)
    assert.equal(status, 0, stderr)
    assert.equal(await readFile(env, 'utf8'), 'TZ=Europe/Rome\n')
  }
  await copyFile(join(stack, 'backups/rolling', name), join(stack, 'backups/backup.tar.gz'))
  await writeFile(env, 'changed\n')
  const { status, stderr } = await cron(machine, 'cd ~/IOTstack/scripts && sh restore.sh noask')
  assert.equal(status, 0, stderr)
  assert.equal(await readFile(env, 'utf8'), 'TZ=Europe/Rome\n')
  for (const line of ['a b', '-f x', '""']) assert.equal((await cron(machine, `~/IOTstack/scripts/restore.sh ${line}`)).status, 1)
})

/** A program that only tells where and how it was called. */
const teller = '#!/bin/sh\npwd; for word; do printf "<%s>\\n" "$word"; done\n'

for (const shell of [['dash'], ['busybox', 'sh'], ['bash', '--posix']]) {
  test(`under ${shell.join(' ')} the scripts find the stack and the program, copied, linked or called from anywhere`, async () => {
    await using machine = await newMachine()
    const stack = join(machine.folder, "it's a $stack")
    await mkdir(join(stack, 'scripts'), { recursive: true })
    await mkdir(join(stack, 'backups'))
    await writeFile(join(stack, 'backups/a b.tar.gz'), '')
    const told = join(machine.folder, 'tell er')
    await writeFile(told, teller)
    await chmod(told, 0o755)
    const root = process.geteuid?.() === 0
    const user = root ? ['<--user>', '<root>'] : []
    const say = async (cwd: string, args: readonly string[], HOLDFAST = told): Promise<string[]> => {
      const [command = '', ...first] = shell
      const { stdout, stderr } = await answerOf(command, [...first, ...args], { cwd, env: { PATH: '/usr/bin:/bin', HOME: machine.home, ...(HOLDFAST === '' ? {} : { HOLDFAST }) } })
      return (stdout + stderr).trimEnd().split('\n')
    }
    await copyFile(join(dropIns, 'backup.sh'), join(stack, 'scripts/backup.sh'))
    await symlink(join(dropIns, 'restore.sh'), join(stack, 'scripts/restore.sh'))
    const expected = [stack, '<backup>', '<.>', '<--type>', '<both>', '<--no-ask>', ...user]
    assert.deepEqual(await say('/', [join(stack, 'scripts/backup.sh')]), expected)
    assert.deepEqual(await say(stack, ['scripts/backup.sh', '3']), expected)
    assert.deepEqual(await say(join(stack, 'scripts'), ['backup.sh']), expected)
    assert.deepEqual(await say(join(stack, 'scripts'), ['../scripts/backup.sh', '']), expected)
    assert.deepEqual(await say(stack, [join(dropIns, 'backup.sh')]), expected, 'called where it lies, it takes the folder that one is in')
    assert.deepEqual(await say('/', [join(stack, 'scripts/restore.sh'), 'noask', 'a b.tar.gz']), [stack, '<restore>', `<${stack}/backups/a b.tar.gz>`, '<--target>', `<${stack}>`, '<--trust>', ...user, '<--no-ask>'])
    assert.deepEqual(await say('/', [join(stack, 'scripts/restore.sh'), told]), [stack, '<restore>', `<${told}>`, '<--target>', `<${stack}>`, ...user])
    assert.match((await say('/', [join(stack, 'scripts/restore.sh'), 'noask', 'a b.tar.gz'], '')).join('\n'), /\[archive\.|\[usage|error:/, 'the link leads to the package\'s own program')
    assert.match((await say('/', [join(stack, 'scripts/backup.sh')], '')).join('\n'), /Holdfast is not found/)
  })
}

test('drop-in keeps the originals byte for byte, does nothing twice, never overwrites a kept one, and puts them back', async () => {
  await using machine = await machineWithStack()
  const scripts = join(machine.stack, 'scripts')
  const original = await readFile(join(scripts, 'backup.sh'))
  const run = async (...args: string[]): Promise<string> => (await machine.holdfast(['drop-in', ...args], { config: false })).stdout
  assert.match(await run('install', 'iotstack', machine.stack), /^installed: .*backup\.sh; the original is .*backup\.sh\.orig\ninstalled: .*restore\.sh; /)
  assert.deepEqual(await readFile(join(scripts, 'backup.sh.orig')), original)
  assert.match(await readFile(join(scripts, 'backup.sh'), 'utf8'), new RegExp(`^program=${launcher}$`, 'm'))
  assert.ok(((await stat(join(scripts, 'backup.sh'))).mode & 0o111) === 0o111)
  assert.match(await run('install', 'iotstack', machine.stack), /^unchanged: .*\nunchanged: /)
  await writeFile(join(scripts, 'backup.sh'), 'another one, of an update\n')
  assert.match((await machine.holdfast(['drop-in', 'install', 'iotstack', machine.stack], { config: false, status: 1 })).stderr, /storage\.exists/)
  await rm(join(scripts, 'backup.sh'))
  await symlink('nowhere', join(scripts, 'backup.sh'))
  await rm(join(scripts, 'backup.sh.orig'))
  await run('install', 'iotstack', machine.stack)
  assert.ok((await lstat(join(scripts, 'backup.sh.orig'))).isSymbolicLink())
  assert.match(await run('remove', 'iotstack', machine.stack), /the original is back/)
  assert.deepEqual((await readdir(scripts)).toSorted(), ['backup.sh', 'restore.sh'])
  assert.match(await run('remove', 'iotstack', machine.stack), /^not ours/)
})
