import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import packageJson from '../../package.json' with { type: 'json' }

const run = promisify(execFile)
const project = join(import.meta.dirname, '../..')

let folder = ''
/** The unpacked tarball. */
let content = ''
/** An empty folder elsewhere, where the tarball was installed. */
let elsewhere = ''
const shell = { PATH: process.env['PATH'] ?? '', HOME: '' }

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-pack-'))
  shell.HOME = folder
  content = join(folder, 'content')
  elsewhere = join(folder, 'else where')
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: project })
  const tarball = join(folder, stdout.trim().split('\n').at(-1) ?? '')
  await mkdir(content)
  await run('tar', ['-xzf', tarball, '-C', content, '--strip-components=1'])
  await mkdir(elsewhere)
  await writeFile(join(elsewhere, 'package.json'), '{"private":true,"type":"module"}')
  // Strict: an install script that nobody approved would be an error here.
  await run('npm', ['install', '--strict-allow-scripts', '--prefer-offline', '--no-audit', '--no-fund', tarball], { cwd: elsewhere })
})
after(() => rm(folder, { recursive: true, force: true }))

async function files(of: string): Promise<string[]> {
  const found = await readdir(of, { recursive: true, withFileTypes: true })
  return found.filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name).slice(of.length + 1))
}

test('the tarball holds the built program and its texts, no source, no test, no tool', async () => {
  const names = await files(content)
  for (const expected of ['bin/holdfast', 'dist/cli/main.js', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs/design.md', 'docs/reference/errors.md']) assert.ok(names.includes(expected), expected)
  const tops = new Set(names.map((name) => name.split('/')[0] ?? ''))
  for (const top of tops) assert.ok(['bin', 'dist', 'docs', 'schema', 'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md'].includes(top), top)
  assert.deepEqual(names.filter((name) => /\.test\.|(?<!\.d)\.ts$/.test(name)), [])
})

test('the licences of all that is bundled come with it', async () => {
  const program = await readFile(join(content, 'dist/LICENSES-of-parts.txt'), 'utf8')
  for (const part of ['zod', 'commander', 'hono', '@clack/prompts']) assert.ok(program.includes(`==== ${part} ====`), part)
  const web = await readFile(join(content, 'dist/web/licences-of-parts.md'), 'utf8')
  for (const part of ['react', 'react-dom', '@mantine/core', '@tanstack/react-query', 'i18next']) assert.match(web, new RegExp(`^## ${part} - `, 'm'))
})

test('no path of the machine that built it is in the tarball', async () => {
  const home = userInfo().homedir
  const traces = [dirname(join(project, 'x')), tmpdir() === '/tmp' ? folder : tmpdir(), ...(home.length > 5 ? [home] : []), ...(hostname().length > 8 ? [hostname()] : [])]
  for (const name of await files(content)) {
    const text = await readFile(join(content, name), 'latin1')
    for (const trace of traces) assert.ok(!text.includes(trace), `${name} holds ${trace}`)
  }
})

test('every address that package.json gives leads to a file', async () => {
  const names = await files(content)
  for (const target of Object.values(packageJson.exports)) for (const path of Object.values(target)) assert.ok(names.includes(path.slice(2)), path)
  for (const path of Object.values(packageJson.bin)) assert.ok(names.includes(path), path)
})

test('installed elsewhere it says its version', async () => {
  const { stdout, stderr } = await run(join(elsewhere, 'node_modules/.bin/holdfast'), ['--version'], { cwd: '/', env: { PATH: '/usr/bin:/bin', HOME: folder } })
  assert.equal(stdout.trim(), packageJson.version)
  assert.equal(stderr, '')
})

test('installed elsewhere it backs up and restores, in every format', async () => {
  const app = join(folder, 'app')
  await mkdir(join(app, 'inner'), { recursive: true })
  const text = 'a line that compresses\n'.repeat(100_000)
  await writeFile(join(app, 'inner/file.txt'), text)
  const env = { PATH: '/usr/bin:/bin', HOME: folder, HOLDFAST_STATE: join(folder, 'state') }
  const holdfast = join(elsewhere, 'node_modules/.bin/holdfast')
  for (const format of ['zip', 'tar.gz', 'tar.zst', 'folder']) {
    const place = join(folder, `place ${format}`)
    const target = join(folder, `restored ${format}`)
    await run(holdfast, ['backup', app, '--to', place, '--format', format, '--no-ask'], { env })
    await run(holdfast, ['restore', 'latest', '--from', place, '--target', target, '--no-ask'], { env })
    assert.equal(await readFile(join(target, 'inner/file.txt'), 'utf8'), text, format)
  }
})

test('a program in TypeScript can use every public address with its types', async () => {
  const imports = Object.keys(packageJson.exports).map((path, index) => `import * as part${index} from '${join('holdfast', path)}'\nconsole.log(Object.keys(part${index}).length > 0)`)
  await writeFile(join(elsewhere, 'user.ts'), imports.join('\n'))
  await run(process.execPath, [join(project, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', 'node', '--typeRoots', join(project, 'node_modules/@types'), 'user.ts'], { cwd: elsewhere }).catch((error: unknown) => {
    assert.fail(typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : String(error))
  })
  const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', 'user.ts'], { cwd: elsewhere, env: shell })
  assert.equal(stdout, 'true\n'.repeat(imports.length))
})
