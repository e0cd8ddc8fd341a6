import assert from 'node:assert/strict'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { makeIotstack } from '../fixtures/iotstack-app.ts'
import { createJeedomDatabase, makeJeedom } from '../fixtures/jeedom-app.ts'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { createOpenstamanagerDatabase, makeOpenstamanager } from '../fixtures/openstamanager-app.ts'
import { launcher, newMachine, projectFolder } from './machine.ts'
import type { Machine } from './machine.ts'
import { answerOf, program } from './program.ts'

suite('the pages for switching', () => {
  let server: MariadbServer

  before(async () => {
    server = await startMariadb()
  })
  after(async () => server[Symbol.asyncDispose]())

  test('OpenSTAManager: every command of the page works, in its order', async () => {
    await using machine = await newMachine()
    const options = { database: 'osm', user: 'osm', password: 'p' }
    makeOpenstamanager(machine.app, server, options)
    await createOpenstamanagerDatabase(server, options)
    await oldBackup(machine, server, 'osm', 'database.sql', ['zip', '-q', '-r', 'backup/OSM backup 2025-11-20 13_43_20.zip', 'index.php', 'modules', 'files', 'database.sql'])
    await tryPage(machine, 'openstamanager', { '/var/www/openstamanager': machine.app, '/mnt/backup': machine.place })
  })

  test('Jeedom: every command of the page works, in its order', async () => {
    await using machine = await newMachine()
    const options = { database: 'jeedom', user: 'jeedom', password: 'p' }
    makeJeedom(machine.app, server, options)
    await createJeedomDatabase(server, options)
    await oldBackup(machine, server, 'jeedom', 'DB_backup.sql', ['tar', '-czf', 'backup/backup-Jeedom-4.3.2-2025-11-20-03h15.tar.gz', './core', './plugins', './data', './DB_backup.sql'])
    await tryPage(machine, 'jeedom', { '/var/www/html': machine.app, '/mnt/backup': machine.place })
  })

  test('IOTstack: every command of the page works, in its order', async () => {
    await using machine = await newMachine()
    await makeIotstack(machine.app)
    await mkdir(join(machine.app, 'backups/backup'), { recursive: true })
    await program('tar', 'tar', ['-czf', 'backups/backup/backup_2025-11-20_1343.tar.gz', './docker-compose.yml', './services', './volumes'], { cwd: machine.app })
    await tryPage(machine, 'iotstack', { '/home/pi/IOTstack': machine.app, '/mnt/backup': machine.place, 'pi': 'nobody' })
  })

  for (const [page, language] of [['openstamanager', 'it'], ['jeedom', 'fr']] as const) {
    test(`${page}.${language}.md has the commands of the English page`, async () => {
      assert.deepEqual(blocks(await pageText(`${page}.${language}`)), blocks(await pageText(page)))
    })
  }
})

/** A backup of the application's own, made by its own steps: a dump within the tree, and an archive of both. */
async function oldBackup(machine: Machine, server: MariadbServer, database: string, dump: string, [command = '', ...args]: readonly string[]): Promise<void> {
  const { stdout } = await program('mariadb-dump', 'mariadb-client', ['--no-defaults', '--user=root', `--socket=${server.socket}`, database])
  await writeFile(join(machine.app, dump), stdout)
  await mkdir(join(machine.app, 'backup'), { recursive: true })
  await program(command, command, args, { cwd: machine.app })
  await rm(join(machine.app, dump))
}

/** Runs each shell block of a page as it stands there, but for its paths. */
async function tryPage(machine: Machine, page: string, instead: Readonly<Record<string, string>>): Promise<void> {
  const script = blocks(await pageText(page)).join('\n').replaceAll(/(?<=\s)(?:\/[\w./]+|pi)(?=\s|$)/g, (word) => {
    const known = Object.keys(instead).find((path) => word === path || word.startsWith(`${path}/`))
    return known === undefined ? word : `${instead[known] ?? ''}${word.slice(known.length)}`
  })
  assert.ok(script.split('\n').length > 8, 'the page has commands')
  const answer = await answerOf('sh', ['-exc', script], { cwd: machine.folder, env: { ...machine.env, HOLDFAST_CONFIG: machine.configFile, PATH: `${dirname(launcher)}:${machine.env['PATH'] ?? ''}` } })
  assert.equal(answer.status, 0, answer.stdout + answer.stderr)
}

async function pageText(page: string): Promise<string> {
  return await readFile(join(projectFolder, 'docs/switch', `${page}.md`), 'utf8')
}

function blocks(text: string): string[] {
  return [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) => block.trim())
}
