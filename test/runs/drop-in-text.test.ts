import assert from 'node:assert/strict'
import { chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AppError } from '../../src/kit/app-error.ts'
import type { DropIn } from '../../src/runs/drop-in.ts'
import { installDropIn, removeDropIn } from '../../src/runs/drop-in.ts'

const tile: DropIn = { path: 'data/customTemplates/dashboard/tile.html', text: '<!-- # Holdfast in the place of a tile -->\n', kind: 'text', beside: 'core/class/jeedom.class.php' }

async function jeedom(): Promise<AsyncDisposable & { readonly root: string }> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-drop-in-'))
  await mkdir(join(root, 'core/class'), { recursive: true })
  await mkdir(join(root, 'data'))
  await writeFile(join(root, 'core/class/jeedom.class.php'), '<?php')
  return { root, [Symbol.asyncDispose]: async () => await rm(root, { recursive: true }) }
}

test('a file that is only read is no program, and folders that are made for it belong to the application', async () => {
  await using place = await jeedom()
  const isRoot = process.geteuid?.() === 0
  if (isRoot) await chown(join(place.root, 'data'), 33, 33)
  assert.equal(installDropIn(place.root, tile, '/usr/bin/holdfast').state, 'installed')
  const file = join(place.root, tile.path)
  assert.equal((await stat(file)).mode & 0o777, 0o644)
  const owner = isRoot ? 33 : process.geteuid?.()
  for (const path of ['data/customTemplates', 'data/customTemplates/dashboard', tile.path]) assert.equal((await stat(join(place.root, path))).uid, owner, path)
  assert.equal(await readFile(file, 'utf8'), tile.text)
  assert.equal(installDropIn(place.root, tile, '/usr/bin/holdfast').state, 'unchanged')
  assert.equal(removeDropIn(place.root, tile).state, 'removed')
  assert.deepEqual(await readdir(join(place.root, 'data/customTemplates/dashboard')), [])
})

test('a folder that is not that application is left as it is', async () => {
  await using place = await jeedom()
  await rm(join(place.root, 'core'), { recursive: true })
  assert.throws(() => installDropIn(place.root, tile, 'x'), (error: unknown) => error instanceof AppError && error.code === 'source.missing' && /jeedom\.class\.php/.test(error.message))
  assert.deepEqual(await readdir(join(place.root, 'data')), [])
})
