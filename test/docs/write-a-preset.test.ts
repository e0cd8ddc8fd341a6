import assert from 'node:assert/strict'
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { createSampleDatabase } from '../fixtures/sample-database.ts'
import { databaseSum } from '../e2e/database-sum.ts'
import { newMachine, projectFolder } from '../e2e/machine.ts'
import type { Machine } from '../e2e/machine.ts'
import type { Answer } from '../e2e/program.ts'
import { answerOf, program } from '../e2e/program.ts'

suite('the example of docs/how-to/write-a-preset.md', () => {
  let machine: Machine
  let server: MariadbServer
  let clone: string
  let app: string

  /** A copy of the program to which the preset was added as the page says. */
  before(async () => {
    [machine, server] = await Promise.all([newMachine(), startMariadb()])
    const page = await readFile(join(projectFolder, 'docs/how-to/write-a-preset.md'), 'utf8')
    const block = (kind: string, mark: string): string => [...page.matchAll(/```(\w+)\n([^]*?)```/g)].find(([, language, text = '']) => language === kind && text.includes(mark))?.[2] ?? assert.fail(`the page has no ${mark}`)
    clone = join(machine.folder, 'clone')
    for (const path of ['src', 'bin', 'package.json', 'tsconfig.json']) await cp(join(projectFolder, path), join(clone, path), { recursive: true })
    await symlink(join(projectFolder, 'node_modules'), join(clone, 'node_modules'))
    await writeFile(join(clone, 'src/sources/presets/notizen.ts'), block('ts', 'export const notizen'))
    const list = join(clone, 'src/sources/presets/detect-preset.ts')
    assert.match(block('ts', 'const presets'), /, notizen, generic\]/)
    const text = await readFile(list, 'utf8')
    const changed = `import { notizen } from './notizen.ts'\n${text.replace(/(const presets: readonly Preset\[\] = \[.*), generic\]/, '$1, notizen, generic]')}`
    assert.match(changed, /, notizen, generic\]/)
    await writeFile(list, changed)

    app = join(machine.folder, 'notizen')
    for (const folder of ['media', 'cache', 'lib/cache']) await mkdir(join(app, folder), { recursive: true })
    for (const path of ['notizen.php', 'media/photo', 'cache/page', 'lib/cache/kept']) await writeFile(join(app, path), path)
    await writeFile(join(app, 'settings.ini'), block('ini', '[db]').replace('host = localhost', 'host = 127.0.0.1'))
    await createSampleDatabase(server, 'notes', 10)
    await server.sql("CREATE USER notes@'%' IDENTIFIED BY 's3cret'; GRANT ALL ON *.* TO notes@'%'")
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  test('compiles', async () => {
    await writeFile(join(clone, 'tsconfig.json'), JSON.stringify({ extends: join(projectFolder, 'tsconfig.json'), include: [], files: ['src/sources/presets/detect-preset.ts'] }))
    const tsc = async (): Promise<Answer> => await answerOf(join(projectFolder, 'node_modules/.bin/tsc'), ['-p', clone, '--noEmit'], { cwd: clone, env: { PATH: process.env['PATH'] ?? '' } })
    assert.deepEqual(await tsc(), { status: 0, stdout: '', stderr: '' })
    const preset = join(clone, 'src/sources/presets/notizen.ts')
    const text = await readFile(preset, 'utf8')
    await writeFile(preset, text.replace('isServed: true', 'isServed: 1'))
    assert.match((await tsc()).stdout, /notizen\.ts.*boolean/, 'the compiler looks at it')
    await writeFile(preset, text)
  })

  test('dumps the database, leaves the cache out, makes partial points and restores, as the page says', async () => {
    const preset = join(clone, 'src/sources/presets/notizen.ts')
    // The page's server is at the usual port, this one is not.
    await writeFile(preset, (await readFile(preset, 'utf8')).replace("type: 'mariadb', name,", `type: 'mariadb', port: ${server.port}, name,`))
    const notizen = async (...args: readonly string[]): Promise<void> => {
      const { status, stdout, stderr } = await answerOf(join(clone, 'bin/holdfast'), ['--config', machine.configFile, ...args], { cwd: machine.folder, env: machine.env })
      assert.equal(status, 0, stdout + stderr)
    }
    const members = async (): Promise<string[]> => {
      const names = (await readdir(machine.place)).filter((name) => name.endsWith('.tar.gz')).sort()
      return (await program('tar', 'tar', ['-tzf', join(machine.place, names.at(-1) ?? '')])).stdout.replaceAll(/^\.\//gm, '').split('\n')
    }
    await notizen('backup', app, '--to', machine.place)
    const full = await members()
    for (const path of ['notizen.php', 'media/photo', 'lib/cache/kept', 'database.sql']) assert.ok(full.includes(path), path)
    assert.ok(!full.some((path) => path.startsWith('cache/')))
    const sum = await databaseSum(server, 'notes')
    await server.sql('DROP TABLE audit', 'notes')
    await rm(join(app, 'media/photo'))
    await writeFile(join(app, 'cache/page'), 'of today')
    await notizen('restore', 'latest', '--from', machine.place, '--no-ask')
    assert.equal(await databaseSum(server, 'notes'), sum)
    assert.deepEqual([await readFile(join(app, 'media/photo'), 'utf8'), await readFile(join(app, 'cache/page'), 'utf8')], ['media/photo', 'of today'])
    await notizen('backup', app, '--to', machine.place, '--without', 'media')
    const partial = await members()
    assert.ok(partial.includes('database.sql') && !partial.some((path) => path.startsWith('media/')))
  })
})
