import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'
import { fr } from '../../web/src/i18n/settings/fr.ts'
import { it } from '../../web/src/i18n/settings/it.ts'

const schema: unknown = JSON.parse(readFileSync(new URL('../../schema/holdfast.schema.json', import.meta.url), 'utf8'))
const described = z.object({ description: z.string() })

function descriptionsIn(part: unknown): readonly string[] {
  if (typeof part !== 'object' || part === null) return []
  const own = described.safeParse(part)
  return [...(own.success ? [own.data.description] : []), ...Object.values(part).flatMap(descriptionsIn)]
}

const descriptions = [...new Set(descriptionsIn(schema))].sort()
const languages = Object.entries({ it, fr })
// Code in backticks, and what a text puts in.
const codeIn = (text: string): readonly string[] => (text.match(/`[^`]*`|\{\{[^}]*\}\}/g) ?? []).sort()

test('what the schema says of a setting stands in each language, and nothing that it no longer says', () => {
  assert.ok(descriptions.length > 100, `only ${descriptions.length} descriptions were seen`)
  for (const [language, texts] of languages) assert.deepEqual(Object.keys(texts).sort(), descriptions, language)
})

test('code in a description is the same in each language', () => {
  assert.ok(descriptions.flatMap(codeIn).length > 100)
  for (const [language, texts] of languages) {
    for (const [english, text] of Object.entries(texts)) assert.deepEqual(codeIn(text), codeIn(english), `${language}: ${english}`)
  }
})

test('no description was left empty or in English by mistake', () => {
  for (const [language, texts] of languages) {
    for (const [english, text] of Object.entries(texts)) {
      assert.notEqual(text.trim(), '', `${language}: ${english}`)
      assert.notEqual(text, english, language)
      assert.doesNotMatch(text.replaceAll(/`[^`]*`/g, ''), /\b(?:the|of|is|are|with|which|where|whether|by|its)\b/i, `${language}: ${english}`)
    }
  }
})
