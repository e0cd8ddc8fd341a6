import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parseSchedule } from '../../src/policy/schedule.ts'
import type { ScheduledJobs } from '../../src/runs/schedule/backup-job.ts'
import { cronLine } from '../../src/runs/schedule/cron-lines.ts'
import { cronFile, userCrontab } from '../../src/runs/schedule/cron-table.ts'
import { withJobs, withoutJobs } from '../../src/runs/schedule/install-cron.ts'
import { cronTarget, systemdTarget } from '../../src/runs/schedule/schedule-target.ts'
import { backupUnits } from '../../src/runs/schedule/systemd-units.ts'
import { program } from '../e2e/program.ts'

const signal = new AbortController().signal
const now = new Date('2026-11-21T10:00:00Z')
let folder = ''

before(async () => { folder = await mkdtemp(join(tmpdir(), 'holdfast-schedule-')) })
after(async () => await rm(folder, { recursive: true, force: true }))

function jobs(...apps: readonly (readonly [name: string, schedule: string])[]): ScheduledJobs {
  return { backups: apps.map(([app, schedule]) => ({ app, schedule: parseSchedule(schedule), command: ['/bin/echo', 'backup', app] })), thaw: ['/bin/echo', 'thaw', '--all'] }
}

test('a crontab keeps every other line byte for byte: installed, installed again, changed and taken out', () => {
  const theirs = '# m h dom mon dow\r\nMAILTO=pi\n\n0 4 * * * echo "100\\%" # caf\xe9 \xff\n@daily  \t x\n'
  const installed = withJobs(theirs, jobs(['demo', 'daily'], ['other', 'hourly']), undefined, now)
  assert.ok(installed.startsWith(theirs))
  assert.equal(withJobs(installed, jobs(['demo', 'daily'], ['other', 'hourly']), undefined, now), installed)
  const more = `${installed}5 5 * * * theirs, added later\n`
  const changed = withJobs(more, jobs(['demo', 'weekly']), undefined, now)
  assert.ok(changed.includes('\n0 3 * * 0 out=$(/bin/echo backup demo 2>&1)') && !changed.includes('\n0 3 * * * out'))
  assert.ok(changed.includes('\n0 * * * * out=$(/bin/echo backup other'), 'the other application stays')
  const one = withoutJobs(changed, ['demo'])
  assert.ok(one.includes('backup other') && one.includes('@reboot') && !one.includes('backup demo'))
  assert.equal(withoutJobs(one, undefined), `${theirs}5 5 * * * theirs, added later\n`)
})

test('a last line without a line end gets one, as cron would ignore it otherwise', () => {
  assert.ok(withJobs('1 1 * * * x', jobs(['demo', 'daily']), undefined, now).startsWith('1 1 * * * x\n# BEGIN holdfast backup demo'))
})

test('marks that somebody has torn are refused, and nothing is guessed', () => {
  const installed = withJobs('', jobs(['demo', 'daily']), undefined, now)
  const lines = installed.split('\n')
  for (const drop of [0, 2, 5]) assert.throws(() => withJobs(lines.filter((_, index) => index !== drop).join('\n'), jobs(['demo', 'daily']), undefined, now), { code: 'schedule.failed' })
})

test('a line of cron runs as it was meant: blanks, quotes, dollars and percent signs arrive, and only a failure speaks', async () => {
  const awkward = join(folder, "it's 100% $HOME \"x\"")
  await mkdir(awkward)
  const command = (status: number): string[] => ['/bin/sh', '-c', 'printf %s "$1"; exit "$2"', 'sh', awkward, String(status)]
  for (const status of [0, 3]) {
    const line = cronLine({ app: 'demo', schedule: { cron: '0 3 * * *', jitterMs: status === 0 ? 1000 : 0 }, command: command(status) })
    // As cron does: the fields go, and an escaped percent sign loses its backslash.
    const shellLine = line.split(' ').slice(5).join(' ').replaceAll('\\%', '%')
    assert.ok(!/(?<!\\)%/.test(line), line)
    for (const shell of status === 0 ? [['busybox', 'sh']] : [['dash'], ['busybox', 'sh'], ['bash']]) {
      const [name = '', ...args] = shell
      const { stdout } = await program(name, name, [...args, '-c', shellLine])
      assert.equal(stdout, status === 0 ? '' : `${awkward}\n`)
    }
  }
})

test('a time zone that is not the machine\'s is refused for cron, and taken where it is the same', () => {
  const inZone = (timezone: string): ScheduledJobs => ({ ...jobs(), backups: [{ app: 'demo', schedule: parseSchedule({ cron: 'daily', timezone }), command: ['/bin/true'] }] })
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone
  assert.ok(withJobs('', inZone(local), undefined, now).includes('0 3 * * *'))
  assert.throws(() => withJobs('', inZone('Pacific/Kiritimati'), undefined, now), { code: 'schedule.invalid', message: /demo is scheduled in the time zone/ })
})

test('through the program crontab: none yet, installed, listed, removed; a refusal is told', { skip: process.geteuid?.() !== 0 && 'busybox crontab is for root' }, async () => {
  const bin = join(folder, 'bin')
  const spool = join(folder, 'spool')
  await mkdir(bin)
  await mkdir(spool)
  await writeFile(join(bin, 'crontab'), `#!/bin/sh\nexec busybox crontab -c '${spool}' "$@"\n`)
  await chmod(join(bin, 'crontab'), 0o755)
  const path = process.env['PATH']
  process.env['PATH'] = `${bin}:${path}`
  try {
    const target = cronTarget(userCrontab({ name: 'root', other: false }), () => now)
    assert.deepEqual(await target.jobs(signal), [])
    assert.deepEqual(await target.install(jobs(['demo', '30 2 * * 1-5']), signal), [])
    assert.deepEqual(await target.jobs(signal), [{ app: 'demo', cron: '30 2 * * 1-5', where: 'crontab of root' }])
    const once = await readFile(join(spool, 'root'))
    await target.install(jobs(['demo', '30 2 * * 1-5']), signal)
    assert.deepEqual(await readFile(join(spool, 'root')), once)
    assert.deepEqual(await target.remove(['nothing'], signal), [])
    assert.deepEqual(await target.remove(undefined, signal), ['demo'])
    assert.deepEqual(await target.jobs(signal), [])
    await writeFile(join(bin, 'crontab'), '#!/bin/sh\necho "you (pi) are not allowed to use this program" >&2\nexit 1\n')
    await assert.rejects(target.install(jobs(['demo', 'daily']), signal), { code: 'schedule.failed', message: /cannot be read.*not allowed/ })
    await writeFile(join(bin, 'crontab'), '#!/bin/sh\n[ "$1" = -l ] || cat >/dev/null\n')
    await assert.rejects(target.install(jobs(['demo', 'daily']), signal), { code: 'schedule.failed', message: /does not hold what was written/ })
  } finally {
    process.env['PATH'] = path
  }
})

test('a file in cron.d names the user, is readable by cron, and goes with its last line', async () => {
  const path = join(folder, 'cron.d-holdfast')
  const target = cronTarget(cronFile(path, 'pi'), () => now)
  await target.install(jobs(['demo', 'daily']), signal)
  assert.match(await readFile(path, 'utf8'), /^# BEGIN .*\n0 3 \* \* \* pi out=\$\(\/bin\/echo backup demo 2>&1\) \|\| echo "\$out"\n# END .*\n# BEGIN .*\n@reboot pi out=.*thaw --all/)
  assert.equal((await stat(path)).mode & 0o777, 0o644)
  assert.deepEqual(await target.remove(undefined, signal), ['demo'])
  await assert.rejects(stat(path), { code: 'ENOENT' })
})

test('a timer makes up for what was missed, unless the schedule says not to', () => {
  const timerOf = (catchUp: boolean): string => backupUnits({ app: 'demo', schedule: parseSchedule({ cron: 'daily', catchUp }), command: ['/bin/true'] }, { writable: [] }).map(({ text }) => text).join('')
  assert.match(timerOf(true), /\nPersistent=true\n/)
  assert.match(timerOf(false), /\nPersistent=false\n/)
})

for (const user of ['root', 'daemon', undefined]) {
  test(`systemd accepts the units of ${user ?? 'a user\'s own manager'}, and they are enabled, listed and removed`, async () => {
    const path = join(folder, `units-${user}`)
    const target = systemdTarget({ path, manager: user === undefined ? 'user' : 'system' }, { writable: ['/usr/local/my place'], ...(user === undefined ? {} : { user }) })
    const notes = await target.install({ ...jobs(['demo', '0 3 13 * 5']), backups: [{ app: 'demo', schedule: { cron: '0 3 13 * 5', timezone: 'Europe/Rome', jitterMs: 600_000 }, command: ['/bin/echo', 'a b', '100% "$HOME" \\'] }] }, signal)
    assert.match(notes.join(), /systemd is not running here|manager is not running|^$/)
    const timer = await readFile(join(path, 'holdfast-backup-demo.timer'), 'utf8')
    assert.match(timer, /\nOnCalendar=\*-\*-13 03:00:00 Europe\/Rome\nOnCalendar=Fri \*-\*-\* 03:00:00 Europe\/Rome\nRandomizedDelaySec=600\nPersistent=true\n/)
    const service = await readFile(join(path, 'holdfast-backup-demo.service'), 'utf8')
    assert.ok(service.includes('\nExecStart=/bin/echo "a b" "100%% \\"$$HOME\\" \\\\"\n'), service)
    assert.match(service, /\nKillMode=process\n/, 'the guard of a killed run must live on')
    assert.equal(service.includes('ProtectSystem=full'), user !== undefined)
    assert.equal(service.includes('SystemCallArchitectures'), user === 'root', 'for others it would imply no new privileges')
    assert.equal(await readlink(join(path, 'timers.target.wants/holdfast-backup-demo.timer')), '../holdfast-backup-demo.timer')
    assert.ok((await readdir(join(path, user === undefined ? 'default.target.wants' : 'multi-user.target.wants'))).includes('holdfast-thaw.service'))
    assert.deepEqual(await target.jobs(signal), [{ app: 'demo', cron: '0 3 13 * 5', timezone: 'Europe/Rome', where: join(path, 'holdfast-backup-demo.timer') }])
    await target.install(jobs(['other', 'daily']), signal)
    assert.deepEqual(await target.remove(['demo'], signal), ['demo'])
    assert.deepEqual((await readdir(path, { recursive: true })).filter((name) => /demo/.test(name)), [])
    assert.deepEqual(await target.remove(undefined, signal), ['other'])
    assert.deepEqual((await readdir(path, { recursive: true })).filter((name) => /holdfast/.test(name)), [])
  })
}

test('a unit that systemd finds fault with is not installed', async () => {
  const path = join(folder, 'units-bad')
  const target = systemdTarget({ path, manager: 'system' }, { writable: [], user: 'root' })
  await assert.rejects(target.install({ ...jobs(['demo', 'daily']), thaw: ['/not/there'] }, signal), { code: 'schedule.failed', message: /systemd does not accept the units/ })
  await assert.rejects(readdir(path), { code: 'ENOENT' })
})
