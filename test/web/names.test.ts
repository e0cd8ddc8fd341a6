import assert from 'node:assert/strict'
import { test } from 'node:test'
import { visibleName, visibleText } from '../../web/src/format/visible-name.ts'

test('control characters in a name are shown by their names', () => {
  assert.equal(visibleName('a\nb\tc\u0000\u001b[31m\u007f'), 'a⟨LF⟩b⟨TAB⟩c⟨NUL⟩⟨ESC⟩[31m⟨DEL⟩')
})

test('marks that turn a name around are shown as their code', () => {
  assert.equal(visibleName('\u202Egpj.exe'), '⟨U+202E⟩gpj.exe')
  assert.equal(visibleName('a\u200Bb\u2066c\u{E0041}'), 'a⟨U+200B⟩b⟨U+2066⟩c⟨U+E0041⟩')
})

test('bytes that are no UTF-8 are shown as bytes, and other lone surrogates as their code', () => {
  assert.equal(visibleName('caf\uDCE9'), 'caf\\xE9')
  assert.equal(visibleName('x\uD800'), 'x⟨U+D800⟩')
})

test('plain names of all languages stay as they are', () => {
  for (const name of ['résumé.txt', '日本語', 'עברית', '<script>alert(1)</script>', '👍']) assert.equal(visibleName(name), name)
})

test('a text keeps its lines and tabs and nothing else that is invisible', () => {
  assert.equal(visibleText('a\r\n\tb\u001b\nc'), 'a\n\tb⟨ESC⟩\nc')
})
