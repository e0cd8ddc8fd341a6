import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { readPhpConfig } from '../../../src/sources/presets/php-config.ts'
import type { PhpValue } from '../../../src/sources/presets/php-value.ts'
import { computed } from '../../../src/sources/presets/php-value.ts'
import { program } from '../../e2e/program.ts'

type Told = string | number | boolean | null | undefined | ['other' | 'deep'] | { pairs: [string, Told][] }
const toldSchema: z.ZodType<Told> = z.lazy(() => z.union([z.string(), z.number(), z.boolean(), z.null(), z.tuple([z.enum(['other', 'deep'])]), z.object({ pairs: z.array(z.tuple([z.string(), toldSchema])) })]))
// An empty list of PHP is `[]` in JSON, whatever its keys would have been.
const namedSchema = z.union([z.record(z.string(), toldSchema), z.array(z.never()).transform((): Record<string, Told> => ({}))])
const answersSchema = z.array(z.nullable(z.object({ variables: namedSchema, constants: namedSchema })))

/** Constants cannot be undefined again, so each program's are its own: `A#` becomes `A_7`. */
const numbered = (code: string, index: number): string => code.replaceAll('#', `_${index}`)

// Words that make a program, from which statements are put together.
const name = fc.constantFrom('a', 'b', 'c')
const quoted = fc.constantFrom("'a'", "'b'", "'k'", '"x\\ty"', "''", "'/srv/one/two'")
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    quoted, fc.constantFrom('1', '007', '-5', 'true', 'null', '__DIR__', '__FILE__', 'A#', 'B#'), name.map((one) => `$${one}`),
    fc.tuple(tie('value'), tie('value')).map(([left, right]) => `${left} . ${right}`),
    fc.tuple(name, quoted).map(([one, key]) => `$${one}[${key}]`),
    fc.tuple(quoted, tie('value'), tie('value')).map(([key, first, second]) => `[${key} => ${first}, ${second}]`),
    fc.tuple(tie('value'), name, quoted, tie('value')).map(([first, spread, key, second]) => `array(${first}, ...(array) $${spread}, ${key} => ${second})`),
    fc.tuple(tie('value'), fc.constantFrom('', ', 1', ', 2')).map(([path, levels]) => `dirname(${path}${levels})`),
    fc.tuple(tie('value'), tie('value')).map(([left, right]) => `(${left} ?: ${right})`),
    fc.tuple(name, tie('value')).map(([one, right]) => `($${one} = ${right})`),
    tie('value').map((inner) => `strtoupper(${inner})`),
  ),
}))
const condition = fc.oneof(fc.constantFrom('0', '1', "!defined('A#')", '!isset($a)'), fc.tuple(name, value).map(([one, right]) => `($${one} = ${right})`))
const { statement } = fc.letrec<{ statement: string; block: string }>((tie) => ({
  block: fc.array(tie('statement'), { maxLength: 2 }).map((all) => all.join(' ')),
  statement: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 8, arbitrary: fc.tuple(name, value).map(([one, right]) => `$${one} = ${right};`) },
    { weight: 3, arbitrary: fc.tuple(name, quoted, value).map(([one, key, right]) => `$${one}[${key}] = ${right};`) },
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom("'A#'", "'B#'"), value).map(([one, right]) => `define(${one}, ${right});`) },
    fc.tuple(fc.constantFrom('A#', 'B#'), value).map(([one, right]) => `defined('${one}') || define('${one}', ${right});`),
    fc.tuple(fc.constantFrom('A#', 'B#'), value).map(([one, right]) => `if (!defined('${one}')) { define('${one}', ${right}); }`),
    fc.tuple(name, value).map(([one, right]) => `$${one}[] = ${right};`),
    fc.tuple(name, fc.constantFrom('.=', '??='), value).map(([one, sign, right]) => `$${one} ${sign} ${right};`),
    fc.tuple(condition, tie('block'), tie('block')).map(([asked, yes, no]) => `if (${asked}) { ${yes} } else { ${no} }`),
    fc.tuple(condition, tie('statement'), tie('statement')).map(([asked, yes, no]) => `if (${asked}) ${yes} else ${no}`),
    fc.tuple(condition, tie('statement'), tie('statement'), tie('statement')).map(([asked, yes, maybe, no]) => `if (${asked}) ${yes} elseif (${asked}) ${maybe} else if (0) ${no}`),
    fc.tuple(condition, tie('block'), condition, tie('block'), tie('block')).map(([asked, yes, other, maybe, no]) => `if (${asked}): ${yes} elseif (${other}): ${maybe} else: ${no} endif;`),
    fc.tuple(name, tie('block')).map(([one, body]) => `foreach (['a', 'b'] as $${one}) { ${body} }`),
    fc.tuple(name, tie('block')).map(([one, body]) => `foreach (['k' => 'b'] as $k => $${one}): ${body} endforeach;`),
    fc.tuple(name, name).map(([all, one]) => `foreach ((array) $${all} as $k => $${one});`),
    fc.tuple(fc.constantFrom('a', 'b'), quoted).map(([all, right]) => `if (is_array($${all})) foreach ($${all} as &$c) $c = ${right};`),
    fc.tuple(condition, tie('block')).map(([asked, body]) => `while (${asked}) { ${body} break; }`),
    fc.tuple(condition, tie('block')).map(([asked, body]) => `while (${asked}): ${body} break; endwhile;`),
    fc.tuple(name, value, tie('statement')).map(([one, right, body]) => `for ($i = 0, $${one} = ${right}; $i < 1; $i++) ${body}`),
    fc.tuple(tie('statement'), fc.constantFrom('0')).map(([body, until]) => `do ${body} while (${until});`),
    fc.tuple(value, tie('block'), tie('block')).map(([on, first, second]) => `switch (${on}) { case 'a': ${first} break; default: ${second} }`),
    fc.tuple(value, tie('block'), tie('block')).map(([on, first, second]) => `switch (${on}): case 'b': ${first} case 1: ${second} endswitch;`),
    fc.tuple(tie('block'), tie('block')).map(([body, last]) => `try { ${body} throw new Exception('x'); } catch (Exception $c) { } finally { ${last} }`),
    tie('block').map((body) => `{ ${body} }`),
    name.map((one) => `unset($${one});`),
    fc.tuple(name, quoted).map(([one, key]) => `if (is_array($${one})) unset($${one}[${key}]);`),
    fc.tuple(name, name, value).map(([one, other, right]) => `[$${one}, $${other}] = ['a', ${right}];`),
    fc.tuple(name, name, quoted).map(([one, other, key]) => `list(${key} => $${one}) = [${key} => $${other}];`),
    fc.tuple(name, name).map(([one, other]) => `$${one} = &$${other};`),
    fc.tuple(name, name, value).map(([one, other, right]) => `$${one} = ['k' => &$${other}]; $${one}['k'] = ${right};`),
    fc.tuple(name, value).map(([one, right]) => `$f = function () use (&$${one}) { $${one} = ${right}; return 1; };`), fc.constant('if (isset($f)) $f();'),
    fc.tuple(name, value).map(([one, right]) => `extract(['${one}' => ${right}]);`), fc.tuple(name, quoted).map(([one, right]) => `eval('$${one} = ${right.replaceAll("'", '"')};');`),
    fc.tuple(name, value).map(([one, right]) => `$n = '${one}'; $$n = ${right};`), fc.tuple(name, value).map(([one, right]) => `\${'${one}'} = ${right};`),
    fc.tuple(name, value).map(([one, right]) => `$GLOBALS['${one}'] = ${right};`), fc.tuple(name, value).map(([one, right]) => `$e = [${right}, $${one} = 'b'];`),
    name.map((one) => `if (is_array($${one})) sort($${one});`), name.map((one) => `settype($${one}, 'string');`), name.map((one) => `if (is_int($${one})) $${one}++;`),
    fc.tuple(name, tie('block')).map(([one, text]) => `/* ${text.replaceAll('*/', '')} */ # $${one} = 'b';\n`),
    name.map((one) => `$${one} = <<<A\nA;\n`), fc.constantFrom('return;', 'return $a;', '?>text<?php ', 'if (1) return;', 'if (0): return; endif;', ';'),
  ),
}))
const topLevel = fc.oneof(
  { weight: 6, arbitrary: statement },
  { weight: 3, arbitrary: fc.tuple(name, quoted).map(([one, right]) => `$${one} = ${right};`) },
  fc.tuple(name, quoted, quoted, quoted).map(([one, key, first, second]) => `$${one} = [${key} => ${first}, ${second}];`),
  fc.tuple(fc.constantFrom('A#', 'B#'), quoted, quoted).map(([one, first, second]) => `const ${one} = ${first}, OTHER# = ${second};`),
  fc.tuple(name, value, fc.constantFrom("'A#'", "'B#'")).map(([one, right, defined]) => `f#(); function f#() { global $${one}; $${one} = ${right}; define(${defined}, 'b'); return 1; }`),
)
const programs = fc.array(fc.array(topLevel, { minLength: 1, maxLength: 6 }).map((all) => `<?php\n${all.filter((one, index) => !one.startsWith('f#') || all.findIndex((other) => other.startsWith('f#')) === index).join('\n')}`), { minLength: 20, maxLength: 80, size: 'max' })

/** Where what is known differs from what PHP says; nothing where it does not. */
function difference(known: PhpValue, told: Told): string | undefined {
  if (known === computed || (Array.isArray(told) && told[0] === 'deep')) return undefined
  if (!(known instanceof Map)) return (known ?? null) === (told ?? null) ? undefined : `${String(known)} is not ${JSON.stringify(told)}`
  if (typeof told !== 'object' || told === null || Array.isArray(told)) return `an array is not ${JSON.stringify(told)}`
  const real = new Map(told.pairs)
  for (const key of new Set([...known.keys(), ...real.keys()])) {
    const found = difference(known.get(key), real.get(key))
    if (found !== undefined) return `[${key}]: ${found}`
  }
  return undefined
}

test('what is called known is what PHP itself says, whatever the statements', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-php-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const seen = { known: 0, programs: 0, run: 0 }
  await fc.assert(fc.asyncProperty(programs, async (templates) => {
    const codes = templates.map(numbered)
    const { stdout } = await program('php', 'php-cli', ['-d', 'max_execution_time=20', '-d', 'memory_limit=256M', join(import.meta.dirname, 'php-truth.php'), folder], { stdin: JSON.stringify(codes) })
    for (const [index, answer] of answersSchema.parse(JSON.parse(stdout)).entries()) {
      seen.programs += 1
      if (answer === null) continue
      seen.run += 1
      const code = codes[index] ?? ''
      const config = readPhpConfig(code, join(folder, `program${index}.php`))
      for (const one of ['a', 'b', 'c']) {
        if (![computed, undefined].includes(config.variable(one) as undefined)) seen.known += 1
        assert.equal(difference(config.variable(one), answer.variables[one]), undefined, `$${one} of ${code}`)
      }
      for (const one of ['A', 'B']) assert.equal(difference(config.constant(`${one}_${index}`), answer.constants[one]), undefined, `${one} of ${code}`)
    }
  }), { numRuns: 8 })
  t.diagnostic(JSON.stringify(seen))
  assert.ok(seen.run > seen.programs / 2 && seen.known > seen.programs / 10, `too little was compared: ${JSON.stringify(seen)}`)
})
