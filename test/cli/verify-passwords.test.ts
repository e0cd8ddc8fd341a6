import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { newMachine } from '../e2e/machine.ts'

const resultsSchema = z.array(z.object({ id: z.string().optional(), key: z.string(), ok: z.boolean(), error: z.object({ code: z.string() }).optional() }))
const statusSchema = z.object({ state: z.string(), reasons: z.array(z.object({ code: z.string(), severity: z.string() })) })

test('verify all looks at every point, whatever passwords they have; damage counts for more than a password that does not fit', async () => {
  await using machine = await newMachine()
  writeFileSync(join(machine.app, 'file'), 'content')
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  const backup = async (format: string, password?: string): Promise<{ id: string; key: string }> => {
    const [point] = await machine.backup(['demo', '--format', format], password === undefined ? {} : { env: { HOLDFAST_PASSWORD: password } })
    assert.ok(point !== undefined)
    return point
  }
  const first = await backup('zip', 'first')
  const plain = await backup('tar.gz')
  const second = await backup('zip', 'second')
  const verify = async (password: string): Promise<{ status: number | null; told: readonly (string | undefined)[] }> => {
    const { status, stdout } = await machine.anyStatus(['verify', 'all', '--json'], { env: { HOLDFAST_PASSWORD: password } })
    const results = resultsSchema.parse(JSON.parse(stdout))
    const of = (id: string): string | undefined => results.filter((result) => result.id === id).map(({ ok, error }) => error?.code ?? String(ok))[0]
    return { status, told: [of(first.id), of(plain.id), of(second.id)] }
  }
  assert.deepEqual(await verify('first'), { status: 12, told: ['true', 'true', 'archive.password'] })
  assert.deepEqual(await verify('second'), { status: 12, told: ['archive.password', 'true', 'true'] })
  assert.ok((await machine.points()).every(({ damagedAt }) => damagedAt === undefined), 'what could not be opened is not called damaged')
  const said = await machine.anyStatus(['verify', 'all'], { env: { HOLDFAST_PASSWORD: 'second' } })
  assert.match(said.stdout, new RegExp(`${first.id} .*: NOT LOOKED AT, .* \\[archive\\.password\\]`))
  assert.match(said.stdout, new RegExp(`${plain.id} .*: whole`))

  // The oldest is the last that is looked at: its verification is the newest run.
  const status = statusSchema.parse(JSON.parse((await machine.anyStatus(['status', 'demo', '--json'])).stdout))
  assert.deepEqual([status.state, status.reasons.map(({ code, severity }) => `${code}:${severity}`)], ['warning', ['run-failed:warning']])

  const path = join(machine.place, plain.key)
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40)
  writeFileSync(path, bytes)
  assert.deepEqual(await verify('second'), { status: 1, told: ['archive.password', 'false', 'true'] })
  rmSync(join(machine.place, `${first.key}.json`))
  const { stdout } = await machine.anyStatus(['verify', 'all', '--json'], { env: { HOLDFAST_PASSWORD: 'second' } })
  assert.ok(resultsSchema.parse(JSON.parse(stdout)).some(({ id, key, ok }) => id === undefined && key.endsWith(first.key) && !ok), 'what could not even be listed is told too')
})
