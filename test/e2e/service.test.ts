import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { freePort } from '../fixtures/free-port.ts'
import { launcher, newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Answer } from './program.ts'
import { answerOf } from './program.ts'

const isRoot = process.geteuid?.() === 0

/**
 * A machine of an ordinary user, whose systemd is a script: it starts the unit's own command and ends it, and notes what it is
 * asked for.
 */
type UserMachine = Machine & { units: string; crontab: string; asked: () => Promise<string>; as: (args: readonly string[]) => Promise<Answer> }

async function machineWithSystemd(schedule?: string): Promise<UserMachine> {
  const machine = await newMachine()
  const bin = join(machine.folder, 'bin')
  const units = join(machine.home, 'config/systemd/user')
  const [pid, asked, crontab] = ['server.pid', 'asked', 'crontab of the user'].map((name) => join(machine.folder, name)) as [string, string, string]
  await mkdir(bin)
  await writeFile(join(bin, 'systemctl'), `#!/bin/sh
echo "$*" >> '${asked}'
[ "$1 $2" = "--user --quiet" ] || exit 1
alive() { [ -s '${pid}' ] && grep -q '^State:.[^Z]' "/proc/$(cat '${pid}')/status" 2>/dev/null; }
end() { alive && kill "$(cat '${pid}')"; while alive; do sleep 0.05; done; rm -f '${pid}'; }
case $3 in
show) if alive; then echo ActiveState=active; elif [ -e '${pid}' ]; then echo ActiveState=failed; else echo ActiveState=inactive; fi ;;
restart) case $4 in holdfast.service) end; setsid sh -c "echo \\$\\$ > '${pid}'; exec $(sed -n 's/^ExecStart=//p' '${units}/holdfast.service')" </dev/null >'${machine.folder}/server.log' 2>&1 & while [ ! -s '${pid}' ]; do sleep 0.02; done ;; esac ;;
stop) end ;;
esac
`)
  await writeFile(join(bin, 'crontab'), `#!/bin/sh\ncase $1 in\n-l) [ -e '${crontab}' ] && exec cat '${crontab}'; echo "no crontab for daemon" >&2; exit 1 ;;\n-r) rm '${crontab}' ;;\n-) cat > '${crontab}' ;;\nesac\n`)
  for (const name of ['systemctl', 'crontab']) await chmod(join(bin, name), 0o755)
  await machine.configure({ apps: { demo: { root: machine.app, ...(schedule === undefined ? {} : { schedule }) } }, place: machine.place, server: { listen: `127.0.0.1:${await freePort()}` } })
  await writeFile(crontab, ['demo', 'other'].map((app) => `# BEGIN holdfast backup ${app} (made by "holdfast schedule install"; leave these lines as they are)\n0 3 * * * out=$(true) || echo "$out"\n# END holdfast backup ${app}\n`).join(''))
  if (isRoot) for (const path of [crontab, machine.folder, machine.home, machine.configFile, machine.app, machine.place]) await chown(path, 1, 1)
  const dispose = machine[Symbol.asyncDispose].bind(machine)
  return Object.assign(machine, {
    units,
    crontab,
    asked: async () => await readFile(asked, 'utf8'),
    as: async (args: readonly string[]) => await answerOf(launcher, ['--config', machine.configFile, ...args], {
      cwd: machine.folder, env: { ...machine.env, PATH: `${bin}:/usr/bin:/bin` }, ...(isRoot ? { uid: 1, gid: 1 } : {}),
    }),
    async [Symbol.asyncDispose]() {
      const left = Number(await readFile(pid, 'utf8').catch(() => ''))
      if (left > 0) {
        try {
          process.kill(left)
        } catch {
          // It has ended by itself.
        }
      }
      // A server that is just ending still writes.
      if (left > 0) for (let tries = 0; tries < 100 && isAlive(left); tries++) await sleep(50)
      await dispose()
    },
  })
}

/** One that has ended and that nobody has fetched is not. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('the server is installed as a service, answers, is installed again without being disturbed, and is removed; timers are taken over only when somebody says so', { timeout: 90_000 }, async () => {
  await using machine = await machineWithSystemd('daily')
  const dry = await machine.as(['service', 'install', '--dry-run'])
  assert.match(dry.stdout, /^# \S+\/systemd\/user\/holdfast\.service\n[^]*\nExecStart=\S+ --config \S+ --state \S+ serve\n[^]*made twice: demo \(0 3 \* \* \*\) in crontab of /, dry.stderr)
  await assert.rejects(readdir(machine.units), 'a dry run writes nothing')
  const installed = await machine.as(['service', 'install'])
  assert.equal(installed.status, 0, installed.stderr)
  assert.match(installed.stdout, /^installed: \S+\nthe server listens on 127\.0\.0\.1:\d+\nnote: the server and this start the same backup, so it would be made twice: demo .*\nnote: take them away with "holdfast service install --take-over"\nnote: there is no account yet/)
  assert.match(await readFile(join(machine.folder, 'server.log'), 'utf8'), /Make the first one there, with this token[^]*made twice: demo/, 'the server says it at its start, too')
  assert.match(await readFile(machine.crontab, 'utf8'), /backup demo /, 'nothing is taken away unasked')

  const running = await machine.as(['service', 'status', '--json'])
  assert.equal(running.status, 0, running.stdout)
  const { state, answers, twice } = JSON.parse(running.stdout)
  assert.deepEqual([state, answers, twice.length], ['active', true, 1])

  const pid = await readFile(join(machine.folder, 'server.pid'), 'utf8')
  const again = await machine.as(['service', 'install', '--take-over'])
  assert.match(again.stdout, /installed like this already, and runs\nnote: taken out of crontab of \S+: demo\n/, again.stderr)
  assert.equal(await readFile(join(machine.folder, 'server.pid'), 'utf8'), pid, 'a restart would have ended its runs')
  assert.match(await readFile(machine.crontab, 'utf8'), /^# BEGIN holdfast backup other /, 'what the server does not run stays')
  assert.match((await machine.as(['schedule', 'install', '--cron', '--app', 'demo'])).stdout, /holdfast\.service is installed and starts these too, so they would be made twice: demo/)

  const removed = await machine.as(['service', 'remove'])
  assert.match(removed.stdout, /^removed: \S+\nnote: nothing starts the backups of demo then/, removed.stderr)
  assert.deepEqual((await readdir(machine.units, { recursive: true })).filter((name) => name.includes('holdfast')), [])
  assert.ok(!isAlive(Number(pid)), 'it is stopped')
  assert.match(await machine.asked(), /--quiet stop holdfast\.service\n--user --quiet show-environment\n?[^]*daemon-reload|--quiet stop holdfast\.service\n--user --quiet daemon-reload/)
})

test('a server that does not come up is told, and nothing is taken over from cron then', async () => {
  await using machine = await machineWithSystemd('daily')
  const refused = await machine.as(['service', 'install', '--listen', '127.0.0.1:1', '--data', machine.configFile, '--take-over'])
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /the server does not answer on 127\.0\.0\.1:1 .*\[schedule\.failed\]\nwhat to do: See why: journalctl --user -u holdfast/)
  assert.match(await readFile(machine.crontab, 'utf8'), /backup demo /)
})

test('wrong calls are refused and install nothing', async () => {
  await using machine = await machineWithSystemd()
  for (const [args, code] of [
    [['--listen', 'here'], 'usage'], [['--user', 'root'], 'usage'], [['--listen', '0.0.0.0:7878'], 'access.setup'], [['--data', 'a\nb'], 'schedule.invalid'],
  ] as const) {
    const { status, stderr } = await machine.as(['service', 'install', ...args])
    assert.equal(status, 1, args.join(' '))
    assert.ok(stderr.includes(`[${code}]`), `${args.join(' ')}: ${stderr}`)
  }
  await assert.rejects(readdir(machine.units))
})
