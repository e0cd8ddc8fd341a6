import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { demultiplex } from '../../../src/sources/containers/demultiplex.ts'
import { Engine } from '../../../src/sources/containers/engine-client.ts'
import { startFakeEngine } from '../../fixtures/fake-engine.ts'

suite('a container engine', () => {
  let folder: string
  const signal = new AbortController().signal

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hf-engine-'))
  })

  after(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  /** An engine that says its version and answers everything else by `answer`. */
  async function engineOf(versions: object, paths: string[] = []): Promise<{ engine: Engine } & AsyncDisposable> {
    const socket = join(folder, `${Math.random()}.sock`)
    const server = createServer((request, response) => {
      paths.push(request.url ?? '')
      if (request.url === '/version') response.end(JSON.stringify(versions))
      else if (request.url?.endsWith('/hang') !== true) response.end('{}')
    })
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    return {
      engine: await Engine.open(socket, signal),
      async [Symbol.asyncDispose]() {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }

  test('is asked in the version that both know', async () => {
    for (const [versions, prefix] of [
      [{ ApiVersion: '1.41', MinAPIVersion: '1.24' }, '/v1.41'], [{ ApiVersion: '1.52', MinAPIVersion: '1.44' }, '/v1.44'], [{ ApiVersion: '1.30' }, '/v1.30'],
    ] as const) {
      const paths: string[] = []
      await using made = await engineOf(versions, paths)
      await made.engine.call('GET', '/info', { signal })
      assert.equal(paths.at(-1), `${prefix}/info`)
    }
  })

  test('that does not answer in time is a failure', async () => {
    await using made = await engineOf({ ApiVersion: '1.41' })
    await assert.rejects(made.engine.call('GET', '/hang', { signal, limitMs: 200 }), { code: 'containers.unreachable', message: /does not answer/ })
  })

  test('that takes the first call already and never answers is a failure after half a minute', async (t) => {
    const socket = join(folder, 'hangs.sock')
    await using _server = await startFakeEngine(socket, 'hangs')
    const timeout = AbortSignal.timeout.bind(AbortSignal)
    // A hundredth of each limit.
    const shorter = t.mock.method(AbortSignal, 'timeout', (ms: number) => timeout(ms / 100))
    await assert.rejects(Engine.open(socket, signal), { code: 'containers.unreachable', message: /does not answer/ })
    assert.deepEqual(shorter.mock.calls[0]?.arguments, [30_000])
  })

  test('lets a call be cancelled', async () => {
    await using made = await engineOf({ ApiVersion: '1.41' })
    await assert.rejects(made.engine.call('GET', '/hang', { signal: AbortSignal.timeout(100) }), { code: 'interrupted' })
  })

  test('has the two outputs of a process taken apart, however they are cut', async () => {
    const frame = (stream: number, text: string): Buffer => Buffer.concat([Buffer.from([stream, 0, 0, 0]), Buffer.from([0, 0, 0, Buffer.byteLength(text)]), Buffer.from(text)])
    const whole = Buffer.concat([frame(1, 'hello '), frame(2, 'oh'), frame(1, ''), frame(1, 'wörld')])
    for (let size = 1; size <= whole.length; size++) {
      const texts = { stdout: '', stderr: '' }
      for await (const { stream, bytes } of demultiplex(inPieces(whole, size))) texts[stream] += Buffer.from(bytes).toString('latin1')
      assert.deepEqual(texts, { stdout: Buffer.from('hello wörld').toString('latin1'), stderr: 'oh' })
    }
  })

  test('that breaks off within a frame, or sends none, is a failure', async () => {
    const frame = Buffer.from([1, 0, 0, 0, 0, 0, 0, 5, 65, 66])
    for (const bytes of [frame, frame.subarray(0, 5), Buffer.from('HTTP/1.1 500 oh')]) {
      await assert.rejects(async () => { for await (const _ of demultiplex(inPieces(bytes, 3))) void _ }, { code: 'containers.unreachable' })
    }
  })
})

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
