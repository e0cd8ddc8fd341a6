import assert from 'node:assert/strict'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

const saidSchema = z.object({ warnings: z.array(z.object({ code: z.string(), path: z.string().optional(), message: z.string() })), notes: z.array(z.object({ code: z.string(), path: z.string().optional() })) })

async function machineWithDisk(): Promise<{ machine: Machine; disk: string }> {
  const machine = await newMachine()
  const disk = join(machine.folder, 'ssd')
  for (const name of ['volumes', 'media']) {
    await mkdir(join(disk, name), { recursive: true })
    await writeFile(join(disk, name, 'data'), 'all that counts')
  }
  return { machine, disk }
}

test('an IOTstack whose volumes lie on another disk behind a link is not complete, and the link is named', async () => {
  const { machine, disk } = await machineWithDisk()
  await using _ = machine
  await writeFile(join(machine.app, 'docker-compose.yml'), 'services: {}\n')
  await mkdir(join(machine.app, '.templates'))
  await mkdir(join(machine.app, 'services'))
  await symlink(join(disk, 'volumes'), join(machine.app, 'volumes'))
  await machine.configure({ apps: { demo: { root: machine.app, preset: 'iotstack' } }, place: machine.place })
  const { warnings } = saidSchema.parse(await machine.json(['backup', 'demo'], { status: 3 }))
  assert.deepEqual(warnings.map(({ code, path }) => [code, path]), [['source.elsewhere', 'volumes']])
  assert.match(warnings[0]?.message ?? '', new RegExp(`^is a link to ${join(disk, 'volumes')}, which lies outside the application: what is in it is not in this restore point`))

  await machine.configure({ apps: { demo: { root: machine.app, preset: 'iotstack' }, disk: { root: disk } }, place: machine.place })
  const withOther = saidSchema.parse(await machine.json(['backup', 'demo']))
  assert.deepEqual([withOther.warnings, withOther.notes.map(({ code, path }) => [code, path])[0]], [[], ['source.other-application', 'volumes']], 'saved with another application')

  await machine.configure({ apps: { demo: { root: machine.app, preset: 'iotstack', exclude: ['/volumes'] } }, place: machine.place })
  assert.deepEqual(saidSchema.parse(await machine.json(['backup', 'demo'])).warnings, [], 'left out on purpose')
  await rm(join(machine.app, 'volumes'))
  await mkdir(join(machine.app, 'volumes'))
  await machine.configure({ apps: { demo: { root: machine.app, preset: 'iotstack' } }, place: machine.place })
  assert.deepEqual(saidSchema.parse(await machine.json(['backup', 'demo'])).warnings, [])
})

test('a link out of the application is a warning where a part or an include names it, and a note elsewhere', async () => {
  const { machine, disk } = await machineWithDisk()
  await using _ = machine
  await mkdir(join(machine.app, 'inside'))
  await writeFile(join(machine.app, 'inside/file'), 'here')
  await symlink('inside', join(machine.app, 'again'))
  await symlink(join(disk, 'media'), join(machine.app, 'media'))
  await symlink(join(disk, 'volumes/data'), join(machine.app, 'a file'))
  const said = async (app: object, status: number): Promise<string[]> => {
    await machine.configure({ apps: { demo: { root: machine.app, ...app } }, place: machine.place })
    const { warnings, notes } = saidSchema.parse(await machine.json(['backup', 'demo'], { status }))
    return [...warnings, ...notes].map(({ code, path }) => `${code} ${path ?? ''}`)
  }
  assert.deepEqual(await said({}, 0), ['source.linked media'])
  assert.deepEqual(await said({ parts: { films: ['/media/films/'] } }, 3), ['source.elsewhere media'])
  assert.deepEqual(await said({ include: ['/media/', '/inside/'] }, 3), ['source.elsewhere media'])
  assert.deepEqual(await said({ exclude: ['/media'] }, 0), [])
})
