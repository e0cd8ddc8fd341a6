import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hideSecrets } from '../../src/kit/hide-secrets.ts'
import { Secret } from '../../src/kit/secret.ts'

test('a secret is hidden in every form that it takes on its way', () => {
  const secret = new Secret('p"ss wörd+/é=&')
  const text = [secret.reveal(), encodeURIComponent(secret.reveal()), String(new URLSearchParams({ a: secret.reveal() })), Buffer.from(secret.reveal()).toString('base64'), JSON.stringify(secret.reveal())].join(' | ')
  assert.equal(hideSecrets(text, [secret]).replace(/=+ \|/, ' |'), '*** | *** | a=*** | *** | "***"')
})

test('of an address and of a header their parts are hidden too', () => {
  const shown = hideSecrets('no method bot123456789:AbCdEfGhIj/send; AbCdEfGhIj; t0ken-t0ken; hunter2hunter2; chat', [
    new Secret('https://me:hunter2hunter2@chat.example.org/bot123456789:AbCdEfGhIj/send?x=1'), new Secret('Bearer t0ken-t0ken'),
  ])
  for (const part of ['123456789', 'AbCdEfGhIj', 't0ken-t0ken', 'hunter2']) assert.ok(!shown.includes(part), shown)
  assert.match(shown, /no method .*chat$/)
})

test('what is too short to be one does not tear texts apart', () => {
  assert.equal(hideSecrets('a cat sat', [new Secret('a')]), 'a cat sat')
})
