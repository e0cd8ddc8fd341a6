import assert from 'node:assert/strict'
import { test } from 'node:test'
import { badgeSnippet, elementSnippet, frameSnippet, tileAddress } from '../../web/src/format/widget-snippet.ts'

const place = { server: 'https://backup.example/holdfast/', app: 'erp', token: 'hf_secret' }

test('the address of a tile lies below the server\'s base path, with what was chosen and the token', () => {
  assert.equal(tileAddress(place, { 'theme': 'dark', 'label': '', 'background-color': '#fff' }), 'https://backup.example/holdfast/widget/erp?theme=dark&background-color=%23fff&token=hf_secret')
})

test('what somebody types cannot leave its attribute', () => {
  const choices = { label: '"><script>alert(1)</script>' }
  for (const snippet of [frameSnippet(place, choices, 'a"b<c'), elementSnippet(place, choices)]) {
    assert.doesNotMatch(snippet.replace(/<script src="[^"]*" async><\/script>/, ''), /<script/)
    assert.doesNotMatch(snippet, /alert\(1\)<\//)
  }
  assert.match(elementSnippet(place, choices), /label="&quot;>&lt;script>/)
})

test('a badge has its language and the token, and a name that is no Markdown', () => {
  const { address, markdown } = badgeSnippet({ ...place, app: 'a]b' }, { lang: 'it', theme: 'dark' })
  assert.equal(address, 'https://backup.example/holdfast/api/apps/a%5Db/badge.svg?token=hf_secret&lang=it')
  assert.equal(markdown, `![a\\]b](${address})`)
})
