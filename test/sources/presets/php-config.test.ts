import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { PhpValue } from '../../../src/sources/presets/php-config.ts'
import { phpValueAt, readPhpConfig } from '../../../src/sources/presets/php-config.ts'

const variable = (code: string, name = 'x'): PhpValue => readPhpConfig(`<?php\n${code}`, '/srv/app').variables.get(name)

suite('a PHP configuration is read without running it', () => {
  const cases: readonly [string, PhpValue][] = [
    ["$x = 'it\\'s \\\\ \\n';", "it's \\ \\n"],
    ['$x = "a\\tb\\x41\\u{1F4BE}\\101\\$y \\"q\\" \\z";', 'a\tbA💾A$y "q" \\z'],
    ["$x = 'a' . \"b\" . 3;", 'ab3'],
    ["$x = __DIR__ . '/backup';", '/srv/app/backup'],
    ["$y = 'one'; $x = $y . '-two';", 'one-two'],
    ['$x = -42;', -42],
    ['$x = 1_000;', 1000],
    ['$x = TRUE;', true],
    ['$x = null;', null],
    ["$x = ('in brackets');", 'in brackets'],
    ["// $x = 'comment';\n# $x = 'other';\n/* $x = 'third'; */ $x = 'real'; // $x = 'late';", 'real'],
    ["$x = 'first'; $x = 'second';", 'second'],
    ["$x = 'no end'", 'no end'],
    ["$x = 'before the end' ?>\n<p>$x = 'html'</p>\n<?php $y = 1;", 'before the end'],
    ["define('NAME', 'constant'); $x = NAME;", 'constant'],
    ["$z = ['db' => array('name' => 'deep')]; $x = $z['db']['name'];", 'deep'],
  ]
  for (const [code, value] of cases) test(`${JSON.stringify(code)} is ${JSON.stringify(value)}`, () => assert.deepEqual(variable(code), value))

  const unknown = [
    "$x = getenv('DB');", '$x = "db_$suffix";', '$x = "db_{$suffix}";', "$x = $argv[1];", "$x = $other;", "$x = 'a' . rand();", "$x = $a ? 'b' : 'c';", "$x = 'a'; $x .= 'b';",
    "$x = 'a'; if ($test) { $x = 'b'; }", "$x = 'a'; if ($test) $x = 'b';", "$x = 'a'; if ($test) { } else { $x = 'b'; }", '$x = <<<EOT\ntext\nEOT;', "$x = new Name('a');", "$x = require 'y.php';", "$x = 'a' ?? 'b';",
    "$x = fn() => 'a';",
  ]
  for (const code of unknown) test(`${JSON.stringify(code)} is not guessed`, () => assert.equal(variable(code), undefined))

  test('arrays of both spellings, nested, with keys, numbers and a comma at their end', () => {
    const found = variable("$x = array('a' => 1, 'b' => ['c' => 'd', 5 => 'five', 'six'], 'plain', 'e' => getenv('X'), 'f' => 'g',);")
    assert.equal(phpValueAt(found, 'a'), 1)
    assert.equal(phpValueAt(found, 'b', 'c'), 'd')
    assert.equal(phpValueAt(found, 'b', '6'), 'six')
    assert.equal(phpValueAt(found, '0'), 'plain')
    assert.equal(phpValueAt(found, 'e'), undefined)
    assert.equal(phpValueAt(found, 'f'), 'g')
  })

  test('elements that are set one by one', () => {
    assert.equal(phpValueAt(variable("$x['a']['b'] = 'c'; $x['a']['d'] = 'e';"), 'a', 'd'), 'e')
    assert.equal(phpValueAt(variable("$x = ['a' => 1]; if ($y) { $x['a'] = 2; }"), 'a'), undefined)
  })

  test('any single-quoted string comes back as it was', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(variable(`$x = '${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'; $y = 1;`), text)
    }))
  })

  test('no text makes it fail or hang', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('$x', '=', "'", '"', '\\', '[', ']', '(', ')', ';', '{', '}', ',', '=>', '.', '<?php ', '?>', ' ', 'a', '1', '/*', '*/', '//', '\n', 'define', 'array', '->', '<<<A\n') , maxLength: 40 }), (text) => {
      readPhpConfig(`<?php ${text}`, '/')
    }), { numRuns: 2000 })
  })
})
