// `npm run quickstart`: a sample application is backed up, damaged, restored and compared, with the program as users run it.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join, relative } from 'node:path'
import { projectFolder } from './project-folder.ts'
import { damageSampleApplication, describeSampleApplication, makeSampleApplication } from './sample-application.ts'

mkdirSync(join(projectFolder, '.tmp'), { recursive: true })
const folder = mkdtempSync(join(projectFolder, '.tmp/quickstart-'))
const application = join(folder, 'shop')
const place = join(folder, 'backups')
const shown = (path: string): string => relative(process.cwd(), path)

/** Shows a command as one would type it, runs it and shows what it says. */
function holdfast(...args: string[]): void {
  const launcher = join(projectFolder, 'bin/holdfast')
  const typed = [launcher, ...args].map((part) => part.startsWith('/') ? shown(part) : part).join(' ')
  console.log(`\n  $ ${typed}`)
  // Its state stays in the sample's folder, so that trying it out leaves nothing behind in the home folder.
  // One pipe for both, so that its lines stay in order.
  const { status, stdout } = spawnSync('sh', ['-c', 'exec "$@" 2>&1', 'sh', launcher, ...args], { encoding: 'utf8', env: { ...process.env, HOLDFAST_STATE: join(folder, 'state') } })
  for (const line of stdout.trimEnd().split('\n')) console.log(`    ${line}`)
  if (status !== 0) {
    console.log(`\nThat command ended with status ${status}; what it left is in ${shown(folder)}.`)
    process.exit(1)
  }
}

console.log('1. A small sample application: documents, pictures, a program, a link and an SQLite database')
await makeSampleApplication(application)
const before = await describeSampleApplication(application)
const tables = [...before.keys()].filter((name) => name.startsWith('table '))
console.log(`   ${before.size - tables.length} files and folders and ${tables.length} tables in ${shown(application)}`)

console.log('\n2. Back it up, and see what is there')
holdfast('backup', application, '--to', place, '--no-ask')
holdfast('list', '--from', place)

console.log('\n3. A bad day')
for (const line of await damageSampleApplication(application)) console.log(`   ${line}`)

console.log('\n4. Restore')
holdfast('restore', 'latest', '--from', place, '--target', application, '--no-ask')

console.log('\n5. Compare every file, mode, time, link and table row with what was there before')
const after = await describeSampleApplication(application)
const differences = [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name))
for (const name of differences.slice(0, 20)) console.log(`   ✖ ${name}: was ${before.get(name) ?? 'not there'}, is ${after.get(name) ?? 'not there'}`)
if (differences.length > 0) {
  console.log(`\n${differences.length} of ${before.size} differ. This must not happen; please report it. All is kept in ${shown(folder)}.`)
  process.exit(1)
}
console.log(`   ✔ all ${before.size} are the same again\n`)
console.log(`Have a look:
  ${shown(application)}  the restored application
  ${shown(place)}  the archive; RESTORE.md there says how to restore by hand, without Holdfast
  ${shown(join(projectFolder, 'bin/holdfast'))} --help  what else there is
Delete ${shown(folder)} when you have seen enough.`)
