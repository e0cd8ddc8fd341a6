import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editDistance, nearestName } from '../../src/config/nearest-name.ts'
import { namesSecret } from '../../src/config/secret-names.ts'

test('slips, swaps and other spellings lead to the name that was meant', () => {
  const known = ['root', 'exclude', 'include', 'oneFileSystem', 'keep', 'daily']
  const cases: Record<string, string | undefined> = { exlcude: 'exclude', inclde: 'include', 'one-file-system': 'oneFileSystem', ROOT: 'root', kep: 'keep', daly: 'daily', colour: undefined, x: undefined }
  for (const [name, meant] of Object.entries(cases)) assert.equal(nearestName(name, known), meant, name)
})

test('the distance counts insertions, deletions, substitutions and swaps', () => {
  const cases: [string, string, number][] = [['', '', 0], ['a', '', 1], ['abc', 'abc', 0], ['abc', 'acb', 1], ['kitten', 'sitting', 3]]
  for (const [one, other, distance] of cases) assert.equal(editDistance(one, other), distance)
})

test('keys that may hold secrets are known by their names, mistyped ones too', () => {
  for (const key of ['password', 'Pasword', 'passwrod', 'db_password', 'passphrase', 'apiKey', 'secret_key', 'token', 'credentials']) assert.ok(namesSecret(key), key)
  for (const key of ['root', 'keep', 'exclude', 'place', 'host', 'user', 'format']) assert.ok(!namesSecret(key), key)
})
