import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryPrefix } from '../../src/kit/temporary-name.ts'
import { makeIotstack } from '../fixtures/iotstack-app.ts'
import { asPlainRoot } from './as-plain-root.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { program } from './program.ts'

const weekday = new Date().getDay() || 7

suite('IOTstack', () => {
  let machine: Machine

  before(async () => {
    machine = await newMachine()
    await makeIotstack(machine.app)
  })

  after(async () => machine[Symbol.asyncDispose]())

  const holdfast = async (args: readonly string[], status = 0): Promise<{ stdout: string; stderr: string }> => await machine.holdfast(args, { config: false, cwd: machine.app, status })
  const files = async (folder: string, ending: string): Promise<string[]> => (await readdir(join(machine.app, 'backups', folder))).filter((name) => name.endsWith(ending)).sort()

  test('is backed up into its own folders, dated and rolling from one reading, all of it owned by the named user', async () => {
    await holdfast(['backup', '.', '--type', 'both', '--user', 'nobody'])
    const [dated = '', ...more] = await files('backup', '.tar.gz')
    assert.match(dated, /^backup_\d{4}-\d\d-\d\d_\d{4}\.tar\.gz$/)
    assert.deepEqual(more, [])
    assert.deepEqual(await files('rolling', '.tar.gz'), [`backup_${weekday}.tar.gz`])
    const nobody = Number((await program('id', 'coreutils', ['-u', 'nobody'])).stdout)
    for (const path of [`backup/${dated}`, `backup/${dated}.sha256`, `rolling/backup_${weekday}.tar.gz`, 'backup', 'rolling', 'logs', `logs/${(await files('logs', '.log'))[0] ?? ''}`]) {
      assert.equal((await lstat(join(machine.app, 'backups', path))).uid, nobody, path)
    }
  })

  test('saves what its own script lost: extra/, .env, overrides, post_restore.sh and dumped databases', async () => {
    const [dated = ''] = await files('backup', '.tar.gz')
    const members = (await program('tar', 'tar', ['-tzf', join(machine.app, 'backups/backup', dated)])).stdout.replaceAll(/^\.\//gm, '').split('\n')
    for (const kept of ['duck/duck.sh', 'services/mosquitto/mosquitto.env', 'volumes/nodered/data/flows.json', 'docker-compose.yml', 'docker-compose.override.yml', 'compose-override.yml', 'extra/deep/file', '.env', 'influx.env', 'postbuild.sh', 'pre_backup.sh', 'post_backup.sh', 'post_restore.sh', '.tmp/databases_backup/dump.sql']) assert.ok(members.includes(kept), kept)
    for (const never of ['menu.sh', 'scripts/backup.sh', '.templates/x', '.tmp/other', 'README.md', 'backups/backup']) assert.ok(!members.some((member) => member.startsWith(never)), never)
  })

  test('runs pre_backup.sh before anything is read and post_backup.sh once the archive is on the disk, and logs both', async () => {
    const [name = ''] = (await files('logs', '.log')).toReversed()
    const log = await readFile(join(machine.app, 'backups/logs', name), 'utf8')
    assert.match(log, /^### IOTstack Backup Log ###\nStarted At: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\nCurrent Directory: .*demo\n/)
    for (const line of [/live-before: dumping in .*demo\n/, /Backup File: backup\/backup_.*\.tar\.gz\n/, /Rolling File: rolling\/backup_\d\.tar\.gz\n/, /Backup Size \(bytes\): \d+\n/, /after: archives: 1\n/, /Backup Type: 3 /, /Items backed up: \d+\n/, /Items excluded: none\n/, /Backup ended well\.\nFinished At: /]) assert.match(log, line)
    assert.ok(log.indexOf('live-before:') < log.indexOf('Backup File:') && log.indexOf('Backup File:') < log.indexOf('after:'))
  })

  test('a file that cannot be read makes the backup a partial one, and takes no complete archive away', async () => {
    const file = join(machine.app, 'volumes/portainer/db')
    const args = ['backup', machine.app, '--type', 'rolling', '--to', machine.place]
    await asPlainRoot(machine, args, 0)
    const rolling = join(machine.place, `rolling/backup_${weekday}.tar.gz`)
    const earlier = await readFile(rolling)
    await chmod(file, 0)
    const { stderr } = await asPlainRoot(machine, args, 3).finally(() => chmod(file, 0o644))
    assert.match(stderr, /warning: volumes\/portainer\/db/)
    assert.deepEqual(await readFile(rolling), earlier)
  })

  test('a rolling archive is replaced only once the new one is whole', async () => {
    const folder = join(machine.app, 'backups')
    const rolling = join(folder, `rolling/backup_${weekday}.tar.gz`)
    const earlier = await readFile(rolling)
    const large = join(machine.app, 'volumes/large')
    await writeFile(large, randomBytes(60_000_000))
    let pid = 0
    const run = machine.anyStatus(['backup', '.', '--type', 'rolling'], { config: false, cwd: machine.app, started: (started) => { pid = started } })
    // Killed in the middle: a part of the new one is on the disk.
    const halfOf = async (): Promise<number> => Math.max(0, ...await Promise.all((await readdir(folder, { recursive: true })).filter((name) => name.includes(temporaryPrefix)).map(async (name) => (await lstat(join(folder, name)).catch(() => undefined))?.size ?? 0)))
    let half = 0
    for (let waited = 0; half === 0 && waited < 6000; waited++) {
      await sleep(5)
      half = await halfOf()
    }
    process.kill(pid, 'SIGKILL')
    await run
    assert.ok(half > 0 && half < 60_000_000, `${half} bytes of the new one were there`)
    assert.deepEqual(await readFile(rolling), earlier)
    await rm(large)
    await holdfast(['backup', '.', '--type', 'rolling'])
    assert.notDeepEqual(await readFile(rolling), earlier)
    assert.equal(await halfOf(), 0, 'what was left of it is gone')
  })

  test('a rolling archive of its own script gives its name to the new one, and is kept', async () => {
    const rolling = join(machine.app, `backups/rolling/backup_${weekday}.tar.gz`)
    await program('tar', 'tar', ['-czf', rolling, '-C', machine.app, './docker-compose.yml'])
    const foreign = await readFile(rolling)
    await rm(`${rolling}.json`)
    await rm(`${rolling}.sha256`)
    await holdfast(['backup', '.', '--type', 'rolling'])
    assert.deepEqual(await readFile(`${rolling}.before-holdfast`), foreign)
    assert.deepEqual(await files('rolling', '.tar.gz'), [`backup_${weekday}.tar.gz`])
    await holdfast(['verify', 'latest'])
  })

  test('is destroyed and comes back exactly, and its post_restore.sh runs', async () => {
    const moving = { moving: ['.', 'volumes/nodered', '.tmp'] }
    await holdfast(['backup', '.'])
    const tree = await describeTree(machine.app, moving)
    await rm(join(machine.app, 'volumes'), { recursive: true })
    await rm(join(machine.app, 'docker-compose.override.yml'))
    await mkdir(join(machine.app, 'services/new'))
    await writeFile(join(machine.app, 'services/new/x'), 'new')
    await holdfast(['restore', 'latest', '--no-ask', '--user', 'nobody'])
    const log = await readFile(join(machine.app, 'backups/logs', (await files('logs', '.log')).find((name) => name.startsWith('restore_')) ?? ''), 'utf8')
    assert.match(log, /after-restore: all is back\n/)
    const now = await describeTree(machine.app, moving)
    for (const path of [...now.keys(), ...tree.keys()]) if (!path.startsWith('backups')) assert.deepEqual(now.get(path), tree.get(path), path)
  })

  test('a script that the archive brings is not run until it is trusted', async () => {
    const script = join(machine.app, 'post_restore.sh')
    await writeFile(script, 'echo another one\n')
    const { stderr } = await holdfast(['restore', 'latest', '--no-ask'])
    assert.match(stderr, /post_restore\.sh.*was not run/)
    assert.doesNotMatch(stderr, /all is back/)
    await writeFile(script, 'echo another one\n')
    await holdfast(['restore', 'latest', '--no-ask', '--trust-hooks'])
  })

  test('a truncated archive is refused before any live file is touched', async () => {
    const [dated = ''] = await files('backup', '.tar.gz')
    const cut = join(machine.folder, 'cut.tar.gz')
    await writeFile(cut, (await readFile(join(machine.app, 'backups/backup', dated))).subarray(0, 700))
    const tree = await describeTree(machine.app, { moving: ['.'] })
    await holdfast(['restore', cut, '--target', machine.app, '--no-ask'], 1)
    const now = await describeTree(machine.app, { moving: ['.'] })
    for (const path of tree.keys()) if (!path.startsWith('backups/logs')) assert.deepEqual(now.get(path), tree.get(path), path)
  })

  test('its own restore steps work: tar into the stack', async () => {
    await holdfast(['backup', '.', '--type', 'dated'])
    const dated = (await files('backup', '.tar.gz')).at(-1) ?? ''
    const target = join(machine.folder, 'own steps')
    await mkdir(target)
    await program('tar', 'tar', ['-zxf', join(machine.app, 'backups/backup', dated), '-C', target])
    const never = /^(?:backups|menu\.sh|scripts|\.templates|\.tmp\/other|README\.md)(?:\/|$)/
    // tar does not bring back parts of a second, and .tmp is there only in part.
    const options = { moving: ['.', '.tmp'], without: ['mtimeNs'], skip: (path: string): boolean => never.test(path) || path.startsWith('.holdfast-') }
    const tree = await describeTree(machine.app, options)
    assert.ok(tree.has('extra/deep/file') && tree.has('.env') && tree.has('volumes/portainer/db'))
    assert.deepEqual(await describeTree(target, options), tree)
  })
})
