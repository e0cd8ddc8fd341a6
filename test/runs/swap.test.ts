import assert from 'node:assert/strict'
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AnchoredFolder } from '../../src/disk/anchored-folder.ts'
import { copyFolderMetadata } from '../../src/disk/folder-metadata.ts'
import { compileSelection } from '../../src/disk/selection.ts'
import type { Belongs } from '../../src/runs/restore/plan-swap.ts'
import { planSwap } from '../../src/runs/restore/plan-swap.ts'
import { RestoreRecord } from '../../src/runs/restore/restore-record.ts'
import { keepFolderMetadata, swapBack, swapIn } from '../../src/runs/restore/swap.ts'

type Tree = Map<string, string>

/** A small generator with a seed, so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed * 2654435761 % 4294967296
  return (below) => {
    state = (state * 1664525 + 1013904223) % 4294967296
    return Math.floor(state / 4294967296 * below)
  }
}

/** Random files, folders and links with names that often meet, and types that often change. */
function makeTree(folder: string, pick: (below: number) => number, depth: number): void {
  for (const name of ['a', 'b', 'c', 'keep', 'x'].filter(() => pick(3) > 0)) {
    const path = join(folder, name)
    switch (pick(depth > 0 ? 4 : 2)) {
      case 0:
        writeFileSync(path, `content ${pick(5)}`, { mode: 0o600 + pick(8) * 8 })
        break
      case 1:
        symlinkSync(['a', '../b', '/etc/passwd', 'nowhere'][pick(4)] ?? '', path)
        break
      default:
        mkdirSync(path)
        makeTree(path, pick, depth - 1)
        chmodSync(path, 0o700 + pick(8) * 8)
        utimesSync(path, 1_000_000 + pick(1000), 1_000_000 + pick(1000))
    }
  }
}

function describe(folder: string): Tree {
  const tree: Tree = new Map()
  const visit = (path: string, name: string): void => {
    const stat = lstatSync(path)
    const mode = (stat.mode & 0o7777).toString(8)
    if (stat.isDirectory()) {
      tree.set(name, `dir ${mode} ${stat.mtimeMs}`)
      for (const child of readdirSync(path)) visit(join(path, child), `${name}/${child}`)
    } else {
      tree.set(name, stat.isSymbolicLink() ? `link ${readlinkSync(path)}` : `file ${mode} ${readFileSync(path, 'utf8')}`)
    }
  }
  visit(folder, '.')
  return tree
}

/** What the live tree must be afterwards: the staged tree, and of the live one what does not belong, with the folders that lead there. */
function expected(stage: Tree, live: Tree, belongs: Belongs): Tree {
  const result = new Map(stage)
  for (const [name, facts] of live) {
    if (belongs(name.slice(2), facts.startsWith('dir')) !== 'skip') continue
    result.set(name, facts)
    for (let parent = name.slice(0, name.lastIndexOf('/')); parent !== '.'; parent = parent.slice(0, parent.lastIndexOf('/'))) {
      const there = live.get(parent)
      if (!result.has(parent) && there !== undefined) result.set(parent, there)
    }
  }
  return result
}

const namesOf = (tree: Tree): string[] => [...tree].map(([name, facts]) => `${name} ${facts.startsWith('dir') ? 'dir' : facts}`).sort()

/** Stops at the n-th look, as a kill would between two operations. */
function stopAt(n: number): AbortSignal {
  let looks = 0
  const signal = new AbortController().signal
  return Object.assign(Object.create(signal), {
    throwIfAborted() {
      looks += 1
      if (looks === n) throw new Error('killed')
    },
  })
}

test('a swap that is stopped anywhere can be brought back exactly, or finished exactly', () => {
  const belongs = compileSelection({ include: [], exclude: ['keep', '/x/b/'] })
  let stops = 0
  for (let seed = 1; seed <= 20; seed++) {
    for (const finish of ['back', 'on', 'back twice'] as const) {
      const pick = random(seed)
      const folder = mkdtempSync(join(tmpdir(), 'swap-'))
      try {
        const live = join(folder, 'live')
        const work = join(folder, 'work')
        for (const path of [live, work, ...['stage', 'originals', 'folders', 'databases'].map((name) => join(work, name))]) mkdirSync(path)
        makeTree(live, pick, 3)
        makeTree(join(work, 'stage'), pick, 3)
        // What the source excludes is in no restore point.
        for (const [name, facts] of describe(join(work, 'stage'))) if (name !== '.' && belongs(name.slice(2), facts.startsWith('dir')) === 'skip') rmSync(join(work, 'stage', name), { recursive: true, force: true })
        const before = describe(live)
        const after = expected(describe(join(work, 'stage')), before, belongs)
        using record = new RestoreRecord(work)
        try {
          using stage = new AnchoredFolder(join(work, 'stage'))
          using root = new AnchoredFolder(live)
          record.plan(planSwap(stage, root, belongs))
        } catch (error) {
          assert.match(String(error), /does not belong/)
          assert.deepEqual(describe(live), before)
          continue
        }
        keepFolderMetadata(record, live, copyFolderMetadata)
        assert.deepEqual(describe(live), before, 'keeping metadata touches nothing live')
        try {
          swapIn(record, live, copyFolderMetadata, stopAt(1 + pick(12)))
        } catch {
          stops += 1
        }
        if (finish === 'on') {
          swapIn(record, live, copyFolderMetadata, new AbortController().signal)
          assert.deepEqual(namesOf(describe(live)), namesOf(after), `seed ${seed}`)
        } else {
          swapBack(record, live, copyFolderMetadata)
          if (finish === 'back twice') swapBack(record, live, copyFolderMetadata)
          assert.deepEqual(describe(live), before, `seed ${seed}`)
        }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
  }
  assert.ok(stops > 15, `only ${stops} swaps were really stopped`)
})

test('a swap never follows a link that stands in place of a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'swap-'))
  try {
    const outside = join(folder, 'outside')
    const live = join(folder, 'live')
    const work = join(folder, 'work')
    for (const path of [outside, live, work, join(live, 'd'), join(work, 'stage'), join(work, 'stage/d'), join(work, 'originals'), join(work, 'folders')]) mkdirSync(path, { recursive: true })
    writeFileSync(join(work, 'stage/d/file'), 'new')
    writeFileSync(join(live, 'd/other'), 'old')
    using record = new RestoreRecord(work)
    {
      using stage = new AnchoredFolder(join(work, 'stage'))
      using root = new AnchoredFolder(live)
      record.plan(planSwap(stage, root, () => 'take'))
    }
    rmSync(join(live, 'd'), { recursive: true })
    symlinkSync(outside, join(live, 'd'))
    assert.throws(() => swapIn(record, live, copyFolderMetadata, new AbortController().signal), { code: 'archive.unsafe' })
    assert.deepEqual(readdirSync(outside), [])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
