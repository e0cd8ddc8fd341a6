import assert from 'node:assert/strict'
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import type { Answer } from '../e2e/program.ts'
import { answerOf } from '../e2e/program.ts'

const project = join(import.meta.dirname, '../..')

/** A clone that is set up: what it makes lies in it and goes with it, so that the project itself is left as it is. */
class Clone implements AsyncDisposable {
  readonly folder: string
  readonly home: string

  constructor(folder: string) {
    this.folder = join(folder, 'holdfast')
    this.home = join(folder, 'home')
  }

  /** What `npm run quickstart` runs, where no network can be reached. */
  async quickstart(): Promise<Answer> {
    const { scripts } = z.object({ scripts: z.object({ quickstart: z.string() }) }).parse(JSON.parse(await readFile(join(project, 'package.json'), 'utf8')))
    return await answerOf('unshare', ['--net', 'sh', '-c', scripts.quickstart], { cwd: this.folder, env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: this.home } })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(join(this.folder, '..'), { recursive: true, force: true })
  }
}

async function makeClone(): Promise<Clone> {
  const clone = new Clone(await mkdtemp(join(tmpdir(), 'holdfast-quickstart-')))
  await mkdir(clone.home)
  for (const name of ['bin', 'scripts', 'src', 'package.json']) await cp(join(project, name), join(clone.folder, name), { recursive: true })
  await symlink(join(project, 'node_modules'), join(clone.folder, 'node_modules'))
  return clone
}

test('the quickstart backs a sample up, damages it, restores it, finds all the same again, and shows where to look', async () => {
  await using clone = await makeClone()
  const { status, stdout, stderr } = await clone.quickstart()
  assert.equal(status, 0, stdout + stderr)
  assert.equal(stderr, '')
  assert.match(stdout, /^ {4}saved restore point [0-9a-f]{16} of shop$/m)
  assert.match(stdout, /^ {4}restored [0-9a-f]{16} /m)
  assert.match(stdout, /^ {3}✔ all \d{3} are the same again$/m)
  assert.doesNotMatch(stdout, /✖/)
  const [application = '', place = '', program = ''] = [...stdout.slice(stdout.indexOf('Have a look:')).matchAll(/^ {2}(\S+) /gm)].map(([, path]) => path)
  for (const path of [application, place, program]) assert.ok((await lstat(join(clone.folder, path))).isDirectory() || path === program, path)
  assert.match((await answerOf(join(clone.folder, program), ['--help'], { env: { PATH: process.env['PATH'] ?? '' } })).stdout, /^Usage: holdfast/)
  assert.ok((await readdir(join(clone.folder, place))).some((name) => name.endsWith('.tar.gz')))
  assert.ok((await readdir(join(clone.folder, place))).includes('RESTORE.md'))
  const folder = /^Delete (\S+) when/m.exec(stdout)?.[1] ?? ''
  assert.deepEqual((await readdir(join(clone.folder, folder))).sort().filter((name) => !name.startsWith('.')), ['backups', 'shop', 'state'])
  assert.deepEqual(await readdir(clone.home), [], 'nothing is left in the home folder')
})

test('the quickstart tells what is not as it was, and ends with 1, where a restore brings nothing back', async () => {
  await using clone = await makeClone()
  await writeFile(join(clone.folder, 'bin/holdfast'), '#!/bin/sh\necho "$1 done"\n')
  await chmod(join(clone.folder, 'bin/holdfast'), 0o755)
  const { status, stdout } = await clone.quickstart()
  assert.equal(status, 1)
  assert.match(stdout, /✖ current: was link to documents\/2025, is link to \/nowhere$/m)
  assert.match(stdout, /\d+ of \d+ differ\. This must not happen; please report it\./)
  assert.doesNotMatch(stdout, /the same again/)
})
