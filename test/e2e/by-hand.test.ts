import assert from 'node:assert/strict'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { makeSampleTree } from '../disk/sample-tree.ts'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { createOpenstamanagerDatabase, makeOpenstamanager } from '../fixtures/openstamanager-app.ts'
import { createSampleDatabase } from '../fixtures/sample-database.ts'
import { databaseSum } from './database-sum.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { program } from './program.ts'
import { databaseFileSum, openSampleDatabaseFile } from './sample-database-file.ts'

/** What unzip and 7z do not bring back, as RESTORE.md says. */
const unzipLacks = ['xattrs', 'sameAs', 'data', 'mtimeNs']
const sevenZipLacks = [...unzipLacks, 'uid', 'gid', 'mode']
const zipCannot = (path: string): boolean => ['dangling', 'disk', 'null', 'pipe'].includes(path) || /[\n\ud800-\udfff]/.test(path) || /^docs\/(?:odd|deep\/er\/x y)/.test(path)
const password = 'correct horse'

const formats = [
  { name: 'zip', args: ['--format', 'zip'], without: unzipLacks },
  { name: 'zip with a password', args: ['--format', 'zip'], without: sevenZipLacks, password },
  { name: 'tar.gz', args: ['--format', 'tar.gz'], without: ['data'] },
  { name: 'tar.zst', args: ['--format', 'tar.zst'], without: ['data'] },
  { name: 'folder', args: ['--format', 'folder'], without: ['data'] },
] as const

suite('somebody who has only RESTORE.md', () => {
  let machine: Machine
  let server: MariadbServer

  before(async () => {
    [machine, server] = await Promise.all([newMachine(), startMariadb()])
    await Promise.all([createSampleDatabase(server, 'erp'), createSampleDatabase(server, 'more of it', 20)])
    const databases = ['erp', 'more of it'].map((name) => ({ type: 'mariadb', name, socket: server.socket, user: 'root' }))
    await machine.configure({ apps: { demo: { root: machine.app, databases } } })
    makeSampleTree(machine.app)
    await mkdir(join(machine.app, 'data'))
    openSampleDatabaseFile(join(machine.app, 'data/shop.sqlite')).close()
  })

  after(async () => {
    await server[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  for (const { name, args, without, ...rest } of formats) {
    test(`gets files and databases back from ${name} by its commands, word by word`, async () => {
      const place = join(machine.folder, name)
      await mkdir(place)
      await machine.holdfast(['backup', 'demo', '--to', place, ...args], { env: 'password' in rest ? { HOLDFAST_PASSWORD: rest.password } : {} })
      const isZip = name.startsWith('zip')
      const options = {
        databases: ['data/shop.sqlite'],
        // Removing the dumps moves the root's time.
        moving: ['.', 'data'],
        without,
        skip: (path: string) => isZip && zipCannot(path),
      }
      const tree = await describeTree(machine.app, options)
      const sums = await Promise.all([databaseSum(server, 'erp'), databaseSum(server, 'more of it'), databaseFileSum(join(machine.app, 'data/shop.sqlite'))])
      await server.sql('DROP DATABASE erp; DROP DATABASE `more of it`')

      const guide = await readFile(join(place, 'RESTORE.md'), 'utf8')
      const said = await followGuide(guide, place, server, { databases: { 'erp': 'restored/database.sql', 'more of it': 'restored/databases/more_of_it.sql' }, ...('password' in rest ? { answer: rest.password } : {}) })

      assert.match(said, isZip || name !== 'folder' ? /: OK/ : /ok/)
      assert.deepEqual((await readdir(place)).filter((found) => found === 'restored'), ['restored'])
      const restored = await describeTree(join(place, 'restored'), options)
      assert.deepEqual(restored, tree)
      assert.deepEqual(await Promise.all([databaseSum(server, 'erp'), databaseSum(server, 'more of it'), databaseFileSum(join(place, 'restored/data/shop.sqlite'))]), sums)
    })
  }

  test('gets an OpenSTAManager back from its own zip by its commands, word by word', async () => {
    const options = { database: 'osm', user: 'osm', password: 'p' }
    const root = join(machine.folder, 'openstamanager')
    const place = join(machine.folder, 'osm place')
    await mkdir(place)
    makeOpenstamanager(root, server, options)
    await createOpenstamanagerDatabase(server, options)
    await machine.holdfast(['backup', root, '--to', place])
    const without = { moving: ['.'], without: unzipLacks, skip: (path: string): boolean => /^(?:config\.inc\.php|composer\.(?:lock|phar)|error\.log|logs|node_modules|tests|tmp|\.git|\.github|\.config|backup)(?:\/|$)/.test(path) }
    const tree = await describeTree(root, without)
    const sum = await databaseSum(server, 'osm')
    await server.sql('DROP DATABASE osm')
    await followGuide(await readFile(join(place, 'RESTORE.md'), 'utf8'), place, server, { databases: { osm: 'restored/database.sql' } })
    assert.deepEqual(await describeTree(join(place, 'restored'), without), tree)
    assert.ok(tree.has('modules/backups/actions.php') && tree.has('files/my_impianti/foto.jpg'))
    assert.equal(await databaseSum(server, 'osm'), sum)
  })
})

/** Runs all commands of the guide in one shell that stops at the first failure; the clients find the server as an administrator's do. */
async function followGuide(guide: string, place: string, server: MariadbServer, { databases, answer }: { readonly databases: Readonly<Record<string, string>>; readonly answer?: string }): Promise<string> {
  const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) => text ?? '')
  const commands = blocks.flatMap((text) => text.includes('DATABASE=NAME') ? forEachDatabase(text, databases) : [text]).join('')
  assert.notEqual(commands, '')
  const home = join(server.folder, 'home')
  await mkdir(home, { recursive: true })
  await program('sh', 'dash', ['-c', `printf '[client]\\nuser=root\\nsocket=%s\\n' "$1" > "$2/.my.cnf"`, 'sh', server.socket, home])
  const { stdout, stderr } = await program('sh', 'dash', ['-e', '-c', commands], {
    cwd: place, env: { PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8' }, ...(answer === undefined ? {} : { stdin: `${answer}\n` }),
  })
  return stdout + stderr
}

/** What the text asks a reader to put into the lines. */
function forEachDatabase(text: string, databases: Readonly<Record<string, string>>): string[] {
  return Object.entries(databases).map(([name, dump]) => text.replace('=NAME', `='${name}'`).replace('=utf8mb4_general_ci', '=utf8mb4_unicode_ci').replace('=restored/database.sql', `=${dump}`))
}
