import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AppError } from '../../src/kit/app-error.ts'
import { entry, never, openWriter, show, withFolder, withTmpfs } from './support.ts'

const unsafe = (error: unknown): boolean => error instanceof AppError && error.code === 'archive.unsafe'

/** A folder `root` to write to, and `outside`, which must stay as it is; in memory, where races are quick. */
async function withTarget(use: (root: string, outside: string) => Promise<void>): Promise<void> {
  await withFolder((folder) => withTmpfs(folder, 'size=10m', async () => {
    const outside = join(folder, 'outside')
    mkdirSync(join(folder, 'root'))
    mkdirSync(outside)
    writeFileSync(join(outside, 'file'), 'outside', { mode: 0o600 })
    const before = state(outside)
    await use(join(folder, 'root'), outside)
    deepEqual(state(outside), before)
    deepEqual(readdirSync(folder).sort(), ['outside', 'root'])
  }))
}

function state(folder: string): unknown {
  const { mode, uid, mtimeMs } = statSync(folder)
  return [mode, uid, mtimeMs, readdirSync(folder).map((name) => {
    const file = statSync(join(folder, name))
    return [name, file.mode, file.uid, file.nlink, readFileSync(join(folder, name), 'utf8')]
  })]
}

test('paths that leave the folder are refused', async () => {
  await withTarget(async (root, outside) => {
    await using writer = await openWriter(root)
    for (const path of ['../x', 'a/../../x', '..', '/etc/x', `${outside}/x`, '', 'a//b', './a', 'a/.', 'a/', 'a\0b', '.']) {
      throws(() => writer.writeSmall(entry(path), Buffer.from('x')), unsafe, JSON.stringify(path))
      if (path !== '.') for (const kind of ['dir', 'symlink', 'fifo'] as const) await rejects(writer.write(entry(path, { kind, linkTarget: 'x' })), unsafe, `${kind} ${path}`)
      await rejects(writer.write(entry('h', { hardlinkTo: path })), unsafe)
    }
    deepEqual(readdirSync(root), [])
  })
})

test('nothing is written through a link, whoever made it', async () => {
  await withTarget(async (root, outside) => {
    symlinkSync(outside, join(root, 'theirs'))
    await using writer = await openWriter(root)
    await writer.write(entry('ours', { kind: 'symlink', linkTarget: '../outside' }))
    for (const link of ['ours', 'theirs']) {
      throws(() => writer.writeSmall(entry(`${link}/x`), Buffer.from('x')), unsafe)
      await rejects(writer.write(entry(`${link}/d`, { kind: 'dir' })), unsafe)
      await rejects(writer.write(entry(`${link}/l`, { kind: 'symlink', linkTarget: 'x' })), unsafe)
      await rejects(writer.write(entry(`${link}/file`, { hardlinkTo: 'ours' })), unsafe)
      await rejects(writer.write(entry('h', { hardlinkTo: `${link}/file` })), unsafe)
    }
  })
})

test('a link in the place of a file is replaced, not followed', async () => {
  await withTarget(async (root, outside) => {
    symlinkSync(join(outside, 'file'), join(root, 'f'))
    linkSync(join(outside, 'file'), join(root, 'hard'))
    await using writer = await openWriter(root)
    writer.writeSmall(entry('f', { mode: 0o777, uid: 1000 }), Buffer.from('new'))
    writer.writeSmall(entry('hard', { mode: 0o777, uid: 1000 }), Buffer.from('new'))
    await writer.finish(never)
    deepEqual([show(join(root, 'f')), show(join(root, 'hard'))], ['new', 'new'])
  })
})

test('a hardlink goes only to a plain file that was restored before it', async () => {
  await withTarget(async (root, outside) => {
    symlinkSync(join(outside, 'file'), join(root, 'link'))
    writeFileSync(join(root, 'theirs'), 'not restored')
    await using writer = await openWriter(root)
    await writer.write(entry('ours', { kind: 'symlink', linkTarget: '../outside/file' }))
    await writer.write(entry('d', { kind: 'dir' }))
    for (const target of ['link', 'ours', 'theirs', 'd', 'missing', 'missing/x', 'h']) await rejects(writer.write(entry('h', { hardlinkTo: target })), unsafe, target)
    writer.writeSmall(entry('good'), Buffer.from('good'))
    await writer.write(entry('h', { hardlinkTo: 'good' }))
    equal(show(join(root, 'h')), 'good')
    writer.writeSmall(entry('one', { links: 1 }), Buffer.from(''))
    await rejects(writer.write(entry('h2', { hardlinkTo: 'one' })), unsafe)
  })
})

test('a folder that was replaced before the end is told, and its metadata goes nowhere else', async () => {
  await withTarget(async (root, outside) => {
    await using writer = await openWriter(root)
    await writer.write(entry('d', { kind: 'dir', mode: 0o777, uid: 1000, gid: 1000 }))
    writer.writeSmall(entry('d/f'), Buffer.from('x'))
    renameSync(join(root, 'd'), join(root, 'moved'))
    symlinkSync(outside, join(root, 'd'))
    writer.writeSmall(entry('d/g'), Buffer.from('x'))
    await rejects(writer.finish(never), unsafe)
    deepEqual(readdirSync(join(root, 'moved')).sort(), ['f', 'g'])
  })
})

test('another folder in the place of one that was written is told, and keeps its own metadata', async () => {
  await withTarget(async (root) => {
    await using writer = await openWriter(root)
    await writer.write(entry('d', { kind: 'dir', mode: 0o777 }))
    renameSync(join(root, 'd'), join(root, 'moved'))
    mkdirSync(join(root, 'd'), { mode: 0o700 })
    await rejects(writer.finish(never), unsafe)
    equal(statSync(join(root, 'd')).mode & 0o777, 0o700)
  })
})

test('nothing ever lands outside while somebody swaps folders for links, over 200 seeded races', async () => {
  await withTarget(async (root, outside) => {
    mkdirSync(join(root, 'd/e'), { recursive: true })
    symlinkSync(outside, join(root, 'link'))
    const swapper = spawn(process.execPath, ['-e', swapping, root, outside], { stdio: ['ignore', 'pipe', 'inherit'] })
    let refused = 0
    let written = 0
    let race = 0
    try {
      await new Promise((resolve) => { swapper.stdout?.once('data', resolve) })
      // On a busy machine the other process may get its turn late.
      for (const end = performance.now() + 20_000; race < 200 || (refused <= 10 && performance.now() < end); race++) {
        await using writer = await openWriter(root)
        for (const given of [
          entry('d/f'), entry('d/e/f'), entry('d/n', { kind: 'dir', mode: 0o777 }), entry('d/e/l', { kind: 'symlink', linkTarget: 'x', uid: 1000, gid: 1000 }),
          entry('d/e/h', { hardlinkTo: 'd/e/f' }), entry('d/n/f', { mode: 0o777, uid: 1000 }), entry('d/e/p', { kind: 'fifo' }), entry('d', { kind: 'dir', mode: 0o755 }),
        ]) {
          try {
            if (given.kind === 'file' && given.hardlinkTo === undefined) writer.writeSmall(given, Buffer.from('x'))
            else await writer.write(given)
            written += 1
          } catch (error) {
            ok(error instanceof AppError, String(error))
            refused += 1
          }
        }
        // It starts a thread, which takes longer than all else here.
        if (race % 20 === 0) {
          await writer.finish(never).catch((error: unknown) => {
            ok(error instanceof AppError, String(error))
            refused += 1
          })
        }
      }
    } finally {
      swapper.kill('SIGKILL')
      await new Promise((resolve) => { swapper.once('close', resolve) })
    }
    ok(written > 100 && refused > 10, `the races were no races: ${written} written, ${refused} refused`)
  })
})

/** Swaps two nested folders for links to outside and back as fast as it can, and mends what the writer made of that. */
const swapping = `
  const fs = require('fs')
  const [root, outside] = process.argv.slice(1)
  process.chdir(root)
  let seed = 20261120
  const next = (n) => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return Math.floor(seed / 4294967296 * n) }
  const pause = () => { for (let i = next(20000); i > 0; i--); }
  const mend = (place) => {
    fs.rmSync('link', { recursive: true, force: true })
    fs.symlinkSync(outside, 'link')
    if (fs.existsSync('away')) { fs.rmSync(place, { recursive: true, force: true }); fs.renameSync('away', place) }
    fs.mkdirSync('d/e', { recursive: true })
  }
  process.stdout.write('x')
  for (;;) {
    const place = next(2) ? 'd' : 'd/e'
    try {
      fs.renameSync(place, 'away'); fs.renameSync('link', place)
      pause()
      fs.renameSync(place, 'link'); fs.renameSync('away', place)
      pause()
    } catch { try { mend(place) } catch {} }
  }`
