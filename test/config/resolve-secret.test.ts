import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { resolveSecret } from '../../src/config/resolve-secret.ts'
import type { SecretRef } from '../../src/model/secret-ref.ts'
import { temporaryFolder } from './temporary-folder.ts'

const { signal } = new AbortController()

async function reveal(reference: SecretRef, env: Record<string, string> = {}): Promise<string> {
  return (await resolveSecret(reference, signal, env)).reveal()
}

test('text is taken with its variables replaced', async () => {
  assert.equal(await reveal('plain $ text'), 'plain $ text')
  assert.equal(await reveal('a${ONE}b${TWO}', { ONE: '1', TWO: '${ONE}' }), 'a1b${ONE}')
  assert.equal(await reveal('$${ONE}', { ONE: '1' }), '${ONE}')
  assert.equal(await reveal({ env: 'ONE' }, { ONE: ' 1 ' }), ' 1 ')
})

test('a variable that is not set or empty is an error, never an empty password', async () => {
  for (const reference of ['${NONE}', { env: 'NONE' }] as const) await assert.rejects(resolveSecret(reference, signal, {}), { code: 'config.secret', message: /NONE is not set/ })
  for (const reference of ['', '${EMPTY}', { env: 'EMPTY' }] as const) await assert.rejects(resolveSecret(reference, signal, { EMPTY: '' }), { code: 'config.secret', message: /is empty$/ })
})

test('a file\'s content is taken without its last line end only', async (t) => {
  const file = join(await temporaryFolder(t), 'pw')
  for (const [content, secret] of [['geheim\n', 'geheim'], ['geheim\r\n', 'geheim'], [' ge heim ', ' ge heim ']] as const) {
    await writeFile(file, content, { mode: 0o600 })
    assert.equal(await reveal({ file }), secret)
  }
  await writeFile(file, 'c4nary\nc4nary2\n')
  await assert.rejects(resolveSecret({ file }, signal), (error: Error) => !inspect(error).includes('c4nary') && /more than one line/.test(error.message))
  await writeFile(file, Buffer.from([0xff, 0x41]))
  await assert.rejects(resolveSecret({ file }, signal), { code: 'config.secret', message: /not UTF-8/ })
})

test('a file that everybody may read or others may change is refused', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'pw')
  await writeFile(file, 'geheim')
  for (const mode of [0o644, 0o602]) {
    await chmod(file, mode)
    await assert.rejects(resolveSecret({ file }, signal), { code: 'config.unsafe', hint: `chmod o-rwx ${file}` })
  }
  await chmod(file, 0o640)
  assert.equal(await reveal({ file }), 'geheim')
})

test('a missing file, a folder and a pipe are errors at once', { timeout: 5000 }, async (t) => {
  const folder = await temporaryFolder(t)
  execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe')])
  for (const file of [join(folder, 'none'), folder, join(folder, 'pipe')]) await assert.rejects(resolveSecret({ file }, signal), { code: 'config.secret' })
})

test('a command gives what it prints, by the shell or as a list', async () => {
  assert.equal(await reveal({ command: 'printf "%s\\n" "ge heim"' }), 'ge heim')
  assert.equal(await reveal({ command: ['printf', '%s', 'a b'] }), 'a b')
})

test('a failing command tells what it wrote to stderr, never what it printed', async () => {
  const failing = resolveSecret({ command: 'echo c4nary; echo the vault is locked >&2; exit 3' }, signal)
  await assert.rejects(failing, (error: Error & { code?: string }) => {
    assert.equal(error.code, 'config.secret')
    assert.match(error.message, /the vault is locked/)
    assert.doesNotMatch(inspect(error, { depth: 9 }), /c4nary/)
    return true
  })
  await assert.rejects(resolveSecret({ command: ['holdfast-no-such-program'] }, signal), { code: 'config.secret' })
  await assert.rejects(resolveSecret({ command: 'true' }, signal), { code: 'config.secret', message: /is empty$/ })
})

test('a command ends when it is cancelled', { timeout: 5000 }, async () => {
  const controller = new AbortController()
  const waiting = resolveSecret({ command: 'sleep 60' }, controller.signal)
  setTimeout(() => controller.abort(), 50)
  await assert.rejects(waiting, { code: 'interrupted' })
})

test('a resolved secret does not print', async () => {
  assert.doesNotMatch(`${inspect(await resolveSecret('c4nary', signal))} ${JSON.stringify(await resolveSecret('c4nary', signal))}`, /c4nary/)
})
