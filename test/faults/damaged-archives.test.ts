import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { DamageBench, damageFormats } from './damage.ts'

const seed = Number(process.env['HOLDFAST_SEED'] ?? Math.floor(Math.random() * 1e9))
const ofEachKind = 1

suite(`damage is found by verify, and refused by restore before anything live is touched (seed ${seed})`, { concurrency: 2 }, () => {
  const bench = new DamageBench()
  before(async () => bench.prepare(damageFormats, seed))
  after(async () => bench[Symbol.asyncDispose]())

  for (const format of damageFormats) {
    test(`${format}: cut off`, async () => {
      for (const damage of bench.damages(format, 'cut', ofEachKind, seed)) assert.deepEqual((await bench.try(format, damage)).problems, [], JSON.stringify(damage))
    })
    test(`${format}: with one bit changed`, async () => {
      for (const damage of bench.damages(format, 'flip', ofEachKind, seed)) assert.deepEqual((await bench.try(format, damage)).problems, [], JSON.stringify(damage))
    })
    test(`${format}: an older point never stands for a newer one that cannot be read`, async () => {
      assert.deepEqual(await bench.tryBesideOlder(format), [])
    })
  }
})
