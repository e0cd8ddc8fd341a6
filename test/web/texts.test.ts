import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { en } from '../../web/src/i18n/en.ts'
import { fr } from '../../web/src/i18n/fr.ts'
import { it } from '../../web/src/i18n/it.ts'
import { withPluralForms } from '../../web/src/i18n/plural-forms.ts'

const source = fileURLToPath(new URL('../../web/src', import.meta.url))
const languages: Readonly<Record<string, Readonly<Record<string, string>>>> = { en, it, fr }
const placeholders = (text: string): readonly string[] => [...text.matchAll(/\{\{([^}]+)\}\}/g)].map(([, name = '']) => name.trim()).sort()

test('every text stands in all three languages', () => {
  const keys = Object.keys(en).sort()
  assert.ok(keys.length > 300, `only ${keys.length} texts were seen`)
  for (const [language, texts] of Object.entries(languages)) {
    assert.deepEqual(Object.keys(texts).sort(), keys, language)
    for (const [key, text] of Object.entries(texts)) assert.notEqual(text.trim(), '', `${language}: ${key}`)
  }
})

test('each language names the same values in a text as English', () => {
  for (const [language, texts] of Object.entries(languages)) {
    for (const [key, text] of Object.entries(en)) {
      // One of something may be said without its number.
      const counts = (name: string): boolean => !key.endsWith('_one') || !name.startsWith('count')
      assert.deepEqual(placeholders(texts[key] ?? '').filter(counts), placeholders(text).filter(counts), `${language}: ${key}`)
    }
  }
})

test('no text was left in English by mistake', () => {
  // Names, signs and words that are the same.
  const alike = (key: string, text: string): boolean => !/[a-z]{3}.* [a-z]{3}/i.test(text.replaceAll(/\{\{.*?\}\}/g, '')) || key === 'config.mqtt'
  for (const language of ['it', 'fr'] as const) {
    for (const [key, text] of Object.entries(en)) if (!alike(key, text)) assert.notEqual(languages[language]?.[key], text, `${language}: ${key}`)
  }
})

test('whatever the audit log tells has its words', () => {
  const src = fileURLToPath(new URL('../../src', import.meta.url))
  const code = readdirSync(src, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('\n')
  const told = [...code.matchAll(/audit: '([^']+)'|audited\(access, '([^']+)'/g)].map(([, route, command]) => route ?? command ?? '')
  assert.ok(told.length > 30, `only ${told.length} actions were seen`)
  for (const action of [...told, 'undo a restore', 'resume a restore', 'rollback a restore', 'more refused or failed requests']) assert.ok(`audit.did.${action}` in en, action)
})

test('every plural form that a language has is there', () => {
  for (const [language, texts] of Object.entries(languages)) {
    const whole = withPluralForms(texts, language)
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions()
    const counted = Object.keys(en).filter((key) => key.endsWith('_other')).map((key) => key.slice(0, -'_other'.length))
    assert.ok(counted.length > 20)
    for (const key of counted) for (const category of pluralCategories) assert.ok(`${key}_${category}` in whole, `${language}: ${key}_${category}`)
  }
})

test('every text is used by the page', () => {
  const files = readdirSync(source, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.parentPath.startsWith(join(source, 'i18n')))
  const code = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('\n')
  assert.ok(files.length > 50)
  // Keys with a part that is put in: `state.${state}`.
  const begins = [...code.matchAll(/`([a-zA-Z.]+\.)\$\{/g)].map(([, begin = '']) => begin)
  const unused = Object.keys(en).map((key) => key.replace(/_(?:one|other)$/, '')).filter((key) => !code.includes(`'${key}'`) && !begins.some((begin) => key.startsWith(begin)))
  assert.deepEqual(unused, [])
})
