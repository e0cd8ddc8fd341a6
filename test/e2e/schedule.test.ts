import assert from 'node:assert/strict'
import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { launcher, newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Answer } from './program.ts'
import { answerOf } from './program.ts'

const isRoot = process.geteuid?.() === 0

/** A machine with two applications, of which one is scheduled, and a crontab of its own; commands run as an ordinary user. */
async function machineToSchedule(): Promise<Machine & { crontab: string; as: (args: readonly string[]) => Promise<Answer> }> {
  const machine = await newMachine()
  const crontab = join(machine.folder, 'crontab of the user')
  const bin = join(machine.folder, 'bin')
  await mkdir(bin)
  // Behaves as Debian's: nothing yet is an error with a sentence.
  await writeFile(join(bin, 'crontab'), `#!/bin/sh\nfile='${crontab}'\ncase $1 in\n-l) [ -e "$file" ] && exec cat "$file"; echo "no crontab for daemon" >&2; exit 1 ;;\n-r) rm "$file" ;;\n-) cat > "$file" ;;\nesac\n`)
  await chmod(join(bin, 'crontab'), 0o755)
  await mkdir(join(machine.folder, 'other'))
  await machine.configure({ apps: { demo: { root: machine.app, schedule: { cron: '30 2 * * 1-5', jitter: '10m' } }, other: { root: join(machine.folder, 'other') } }, place: machine.place })
  if (isRoot) {
    for (const path of [machine.folder, machine.home, machine.configFile, machine.app, machine.place]) await chown(path, 1, 1)
  }
  return Object.assign(machine, {
    crontab,
    as: async (args: readonly string[]) => await answerOf(launcher, ['--config', machine.configFile, 'schedule', ...args], {
      cwd: machine.folder, env: { ...machine.env, PATH: `${bin}:/usr/bin:/bin` }, ...(isRoot ? { uid: 1, gid: 1 } : {}),
    }),
  })
}

test('schedules of the configuration are shown, installed, listed with their next times, moved to systemd and removed', async () => {
  await using machine = await machineToSchedule()
  const dry = await machine.as(['install', '--cron', '--dry-run'])
  assert.match(dry.stdout, /^# crontab of \S+ would be:\n# BEGIN holdfast backup demo .*\n30 2 \* \* 1-5 sleep \$\(\( \$\(od -An -N4 -tu4 \/dev\/urandom\) \\% 601 \)\); out=\$\(/, dry.stderr)
  await assert.rejects(readFile(machine.crontab))

  assert.match((await machine.as(['list'])).stdout, /demo +30 2 \* \* 1-5 +not installed/)
  assert.equal((await machine.as(['install', '--cron'])).status, 0)
  const line = (await readFile(machine.crontab, 'utf8')).split('\n').find((text) => text.startsWith('30 2')) ?? ''
  assert.ok(line.includes(`${launcher} --config ${machine.configFile} --state ${machine.state} backup demo --no-ask`), line)
  assert.match(await readFile(machine.crontab, 'utf8'), /@reboot .* thaw --all/)

  // What cron would run now does make a backup, and says nothing.
  const ran = await answerOf('sh', ['-c', line.split(' ').slice(5).join(' ').replaceAll('\\%', '%').replace(/^sleep .*?; /, '')], { cwd: '/', env: { PATH: '/usr/bin:/bin', HOME: machine.home }, ...(isRoot ? { uid: 1, gid: 1 } : {}) })
  assert.deepEqual(ran, { status: 0, stdout: '', stderr: '' })
  assert.equal((await readdir(machine.place)).filter((name) => name.endsWith('.tar.gz')).length, 1)

  const added = await machine.as(['install', '--cron', '--app', 'other', '--time', '4:05'])
  assert.match(added.stdout, /other {2}5 4 \* \* \*, next \d{4}-\d\d-\d\d 04:05/)
  const list = JSON.parse((await machine.as(['list', '--json'])).stdout)
  assert.deepEqual(list.map(({ app, cron, next, installed }: { app: string; cron: string; next: string[]; installed: boolean }) => [app, cron, next.length, installed]), [['demo', '30 2 * * 1-5', 3, true], ['other', '5 4 * * *', 3, true]])

  const moved = await machine.as(['install', '--systemd', '--app', 'demo'])
  assert.equal(moved.status, 0, moved.stderr)
  assert.match(moved.stdout, /installed in systemd[^]*note: (?:your systemd manager is not running|taken out of)[^]*taken out of crontab of \S+: demo/)
  assert.ok(!(await readFile(machine.crontab, 'utf8')).includes('backup demo'), 'it would run twice')
  const units = join(machine.home, 'config/systemd/user')
  assert.match(await readFile(join(units, 'holdfast-backup-demo.timer'), 'utf8'), /OnCalendar=Mon\.\.Fri \*-\*-\* 02:30:00\nRandomizedDelaySec=600\nPersistent=true/)
  await machine.configure({ apps: { demo: { root: machine.app, schedule: 'daily' } }, place: machine.place })
  assert.match((await machine.as(['list'])).stdout, /demo +30 2 \* \* 1-5 .*the configuration says otherwise: install again/)

  assert.match((await machine.as(['remove', '--app', 'demo'])).stdout, /^removed: demo from systemd/)
  assert.match((await machine.as(['remove'])).stdout, /^removed: other from crontab of/)
  assert.deepEqual((await readdir(units, { recursive: true })).filter((name) => name.includes('holdfast')), [])
  await assert.rejects(readFile(machine.crontab), 'an empty crontab is none')
})

test('wrong calls are refused and change nothing', async () => {
  await using machine = await machineToSchedule()
  for (const [args, code] of [
    [['install', '--cron', '--app', 'other'], 'usage'], [['install', '--cron', '--app', 'demo', '--at', '99 3 * * *'], 'schedule.invalid'], 
    [['install', '--cron-d'], 'schedule.failed'], [['install', '--cron', '--user', 'root'], 'usage'],
  ] as const) {
    const { status, stderr } = await machine.as(args)
    assert.equal(status, 1, args.join(' '))
    assert.ok(stderr.includes(`[${code}]`), `${args.join(' ')}: ${stderr}`)
  }
  assert.equal((await machine.as(['install', '--cron', '--systemd'])).status, 1)
  const folder = await machine.as(['install', '--cron', '--app', join(machine.folder, 'home'), '--name', 'the house', '--at', 'weekly', '--dry-run'])
  assert.ok(folder.stdout.includes(`backup ${machine.home} --name 'the house' --no-ask`) && /^# BEGIN holdfast backup the-house-[0-9a-f]{8} \(/m.test(folder.stdout), folder.stdout + folder.stderr)
  await assert.rejects(readFile(machine.crontab))
})
