import assert from 'node:assert/strict'
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { serverUnit } from '../../src/runs/schedule/server-unit.ts'
import { installUnits, removeUnitFiles } from '../../src/runs/schedule/systemd-folder.ts'
import { program } from '../e2e/program.ts'

const signal = new AbortController().signal
let folder = ''

before(async () => { folder = await mkdtemp(join(tmpdir(), 'holdfast-service-')) })
after(async () => await rm(folder, { recursive: true, force: true }))

for (const user of ['root', 'daemon', undefined]) {
  test(`systemd accepts the server's unit of ${user ?? 'a user\'s own manager'}, and it is enabled and removed`, async () => {
    const units = { path: join(folder, `units-${user}`), manager: user === undefined ? 'user' : 'system' } as const
    const unit = serverUnit(['/bin/echo', 'serve', '--data', '/srv/a b'], { writable: ['/etc/holdfast', '/usr/local/my place'], ...(user === undefined ? {} : { user }) })
    await installUnits(units, [unit], signal, unit.name)
    assert.match(unit.text, /\nExecStart=\/bin\/echo serve --data "\/srv\/a b"\n/)
    assert.match(unit.text, /\nKillMode=process\nOOMPolicy=continue\n/, 'runs and their guards must live on')
    assert.equal(/\nProtectSystem=full\nReadWritePaths=-\/etc\/holdfast\nReadWritePaths=-"\/usr\/local\/my place"\n/.test(unit.text), user !== undefined)
    assert.equal(unit.text.includes('SystemCallFilter'), user === 'root', 'for others it would imply no new privileges')
    const target = user === undefined ? 'default.target' : 'multi-user.target'
    assert.equal(await readlink(join(units.path, `${target}.wants/holdfast.service`)), '../holdfast.service')
    await removeUnitFiles(units, [unit.name], () => true, signal)
    assert.deepEqual((await readdir(units.path, { recursive: true })).filter((name) => name.includes('holdfast')), [])
  })
}

// What breaks a backup, restore or hook in silence; docs/how-to/service.md says why of each.
test('the unit forbids nothing that backups, restores and hooks do', () => {
  const { text } = serverUnit(['/bin/echo'], { writable: [], user: 'root' })
  for (const never of ['NoNewPrivileges', 'PrivateTmp', 'PrivateDevices', 'ProtectHome', 'ProtectClock', 'DevicePolicy', 'RestrictSUIDSGID', 'RestrictNamespaces', 'MemoryDenyWriteExecute', 'ProtectHostname', 'ProtectControlGroups', 'ProtectSystem=strict', 'UMask', 'IPAddressDeny']) assert.ok(!text.includes(never), never)
})

test('systemd rates root\'s unit as docs/how-to/service.md says', async () => {
  const { text, name } = serverUnit(['/bin/echo'], { writable: [], user: 'root' })
  await writeFile(join(folder, name), text)
  const { stdout } = await program('systemd-analyze', 'systemd', ['security', '--offline=yes', '--no-pager', join(folder, name)])
  const exposure = Number(/Overall exposure level for holdfast\.service: ([\d.]+)/.exec(stdout)?.[1])
  assert.ok(exposure > 0 && exposure <= 6.8, stdout)
})
