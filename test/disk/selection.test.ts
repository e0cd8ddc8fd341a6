import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { compileSelection } from '../../src/disk/selection.ts'
import { AppError } from '../../src/kit/app-error.ts'
import { withFolder } from './support.ts'

function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 4_294_967_296) * below)
  }
}

const atoms = ['a', 'b', 'ab', 'a.b', 'B', '*', '?', '*a', 'a*', '*b*', 'a?', '[ab]', '[!a]', '[a-b]*', '**', 'a**b', '\\a', '\\*', '[[:lower:]]', 'a*b*a', '***', '[]a]', '[\\a]']
const names = ['a', 'b', 'ab', 'a.b', 'B', 'ba', 'aab', 'abba', '*', 'bb', 'a.ba', ']']

test('excludes decide as git check-ignore does, over seeded random patterns and paths', async () => {
  await withFolder((folder) => {
    const below = random(20_261_120)
    const pick = (from: readonly string[]): string => from[below(from.length)] ?? ''
    const pattern = (): string => {
      const body = Array.from({ length: 1 + below(3) }, () => pick(atoms)).join('/')
      return `${below(5) === 0 ? '!' : ''}${below(3) === 0 ? '/' : ''}${body}${below(4) === 0 ? '/' : ''}`
    }
    let compared = 0
    for (let round = 0; round < 25; round++) {
      const root = join(folder, String(round))
      mkdirSync(root)
      equal(spawnSync('git', ['init', '-q', root]).status, 0, 'git is missing: apt-get install git')
      const exclude = Array.from({ length: 1 + below(5) }, pattern)
      writeFileSync(join(root, '.git/info/exclude'), `${exclude.join('\n')}\n`)
      const paths = new Map<string, boolean>()
      for (let i = 0; i < 60; i++) {
        const path = Array.from({ length: 1 + below(4) }, () => pick(names)).join('/')
        const isDir = below(2) === 0
        try {
          mkdirSync(join(root, path, '..'), { recursive: true })
          if (isDir) mkdirSync(join(root, path))
          else writeFileSync(join(root, path), '', { flag: 'wx' })
          paths.set(path, isDir)
        } catch {
          // Taken by an earlier path.
        }
      }
      const answer = spawnSync('git', ['-C', root, 'check-ignore', '--no-index', '-z', '--stdin'], { input: [...paths.keys()].join('\0') })
      const ignored = new Set(answer.stdout.toString().split('\0'))
      const select = compileSelection({ include: [], exclude })
      for (const [path, isDir] of paths) {
        equal(select(path, isDir) === 'skip', ignored.has(path), `${path}${isDir ? '/' : ''} under ${JSON.stringify(exclude)}`)
        compared += 1
      }
    }
    ok(compared > 500)
  })
})

test('include keeps only what it names, what lies below, and the way there', () => {
  const select = compileSelection({ include: ['/data', '!/data/cache', '/etc/*.conf', '**/keep'], exclude: ['*.tmp'] })
  const choices = (path: string): string => `${select(path, true)} ${select(path, false)}`
  equal(choices('.'), 'take take')
  equal(choices('data'), 'take take')
  equal(choices('data/x/y'), 'take take')
  equal(choices('data/x.tmp'), 'skip skip')
  equal(choices('data/cache/x'), 'descend skip')
  equal(choices('data/cache/keep'), 'take take')
  equal(choices('etc'), 'descend skip')
  equal(choices('etc/a.conf'), 'take take')
  equal(choices('etc/a.txt'), 'descend skip')
  const narrow = compileSelection({ include: ['/etc/app/*.conf'], exclude: [] })
  deepEqual(['etc', 'etc/app', 'etc/other', 'var', 'etc/app/x'].map((path) => narrow(path, true)), ['descend', 'descend', 'skip', 'skip', 'skip'])
})

test('a path below an excluded folder is excluded, whoever asks in whatever order', () => {
  const select = compileSelection({ include: [], exclude: ['/logs/', '!/logs/keep'] })
  equal(select('logs/keep', false), 'skip')
  equal(select('logs', false), 'take')
  equal(select('logs', true), 'skip')
})

test('letters match with their case, # and blanks as they are, odd bytes as one character', () => {
  const select = compileSelection({ include: [], exclude: ['#recycle', 'a b', 'x?z', 'caf[é]'] })
  deepEqual(['#recycle', '#Recycle', 'a b', 'x\udcffz', 'x😀z', 'café', '\udc80'].map((name) => select(name, false)), ['skip', 'take', 'skip', 'skip', 'skip', 'skip', 'take'])
})

test('a pattern that can mean nothing is refused by name', () => {
  for (const pattern of ['', '!', '/', 'a//b', './cache', '../x', 'a[b', 'a\\', '[[:nonsense:]]', 'x/[a-']) {
    throws(() => compileSelection({ include: [], exclude: [pattern] }), (error) => error instanceof AppError && error.code === 'source.selection' && error.message.includes(`"${pattern}"`), pattern)
  }
})

test('no pattern takes long, however it is made', () => {
  const select = compileSelection({ include: [], exclude: [`${'*a'.repeat(100)}b`, `/${'**/a/'.repeat(100)}b`, 'a*'.repeat(120)] })
  const started = performance.now()
  select('a'.repeat(255), false)
  select(Array.from({ length: 500 }, () => 'a').join('/'), false)
  ok(performance.now() - started < 2000)
})

test('many paths leave nothing behind in memory', () => {
  const select = compileSelection({ include: ['/x', '*.keep'], exclude: ['*.log'] })
  for (let i = 0; i < 50_000; i++) select(`folder${i}/a/b`, false)
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 250_000; i++) select(`place${i}/a/b`, false)
  ok(process.memoryUsage().heapUsed - before < 60_000_000)
})
