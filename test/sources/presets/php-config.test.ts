import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { phpReturned, readPhpConfig } from '../../../src/sources/presets/php-config.ts'
import type { PhpValue } from '../../../src/sources/presets/php-value.ts'
import { computed, phpValueAt } from '../../../src/sources/presets/php-value.ts'

const read = (code: string): ReturnType<typeof readPhpConfig> => readPhpConfig(`<?php\n${code}`, '/srv/app/config.php')
const variable = (code: string, name = 'x'): PhpValue => read(code).variable(name)
const constant = (code: string, name = 'A'): PhpValue => read(code).constant(name)

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
    ["const NAME = 'constant', OTHER = 'b'; $x = NAME . OTHER;", 'constantb'],
    ['$x = __FILE__;', '/srv/app/config.php'],
    ["$x = dirname(__FILE__) . '/data';", '/srv/app/data'],
    ['$x = dirname(__DIR__, 2);', '/'],
    ['$x = 0755;', 493],
    ["$x = 'a'; return; $x = 'b';", 'a'],
    ["$x = 'a'; if ($test): exit; endif; $x = 'b';", 'b'],
    ["$x = 'a'; { $x = 'b'; }", 'b'],
    ["$y = ['k' => 'a']; $z = $y; $z['k'] = 'b'; $x = $y['k'];", 'a'],
    ["function f() { return 1; } class A { public $x = 'c'; } $x = 'b';", 'b'],
    ["?><?PHP $x = 'b';", 'b'],
    ["$z = ['db' => array('name' => 'deep')]; $x = $z['db']['name'];", 'deep'],
  ]
  for (const [code, value] of cases) test(`${JSON.stringify(code)} is ${JSON.stringify(value)}`, () => assert.deepEqual(variable(code), value))

  const unknown = [
    "$x = getenv('DB');", '$x = "db_$suffix";', '$x = "db_{$suffix}";', "$x = $argv[1];", "$x = $other;", "$x = 'a' . rand();", "$x = $a ? 'b' : 'c';", "$x = 'a'; $x .= 'b';",
    "$x = 'a'; if ($test) { $x = 'b'; }", "$x = 'a'; if ($test) $x = 'b';", "$x = 'a'; if ($test) { } else { $x = 'b'; }", '$x = <<<EOT\ntext\nEOT;', "$x = new Name('a');", "$x = require 'y.php';", "$x = 'a' ?? 'b';",
    "$x = fn() => 'a';",
    "$x = 'a'; if ($t): $x = 'b'; else: endif;", "$x = 'a'; foreach ($t as $x);", "$x = 'a'; foreach ($t as $y): $x = $y; endforeach;", "$x = 'a'; while ($t): $x = 'b'; endwhile;", "$x = 'a'; for ($x = 0; $x < 1; $x++);",
    "$x = 'a'; switch ($t): case 1: $x = 'b'; endswitch;", "$x = 'a'; do $x = 'b'; while ($t);", "$x = 'a'; try { $x = 'b'; } catch (E $e) { }", "$x = 'a'; unset($x);", "$x = 'a'; $r = &$x; $r = 'b';", "$x = ['k' => &$y]; $x['k'] = 1; $y++;", "$x = 'a'; list($x, $y) = f();",
    "$x = 'a'; [$x, $y] = f();", "$x = 'a'; extract($_ENV);", "$x = 'a'; eval($t);", "$x = 'a'; $$t = 'b';", "$x = 'a'; ${'x'} = 'b';", "$x = 'a'; include 'b.php';", "$x = 'a'; settype($x, 'int');", "if ($t) return; $x = 'a';", "if ($t) { } else $x = 'a';",
    "f(); function f() { global $x; $x = 'b'; } $x = 'a';", "$x = 'a'; $GLOBALS['x'] = 'b';", "$x = 1.5;", '$x = "\\xe8";', "$x = 'caf\uFFFD';", "$x = `echo '`;", "$x = ['k' => 'a', ...$t]['k'];",
  ]
  for (const code of unknown) test(`${JSON.stringify(code)} is not guessed`, () => assert.equal(variable(code), computed))

  const constants: readonly [string, PhpValue][] = [
    ["define('A', 'first'); define('A', 'second');", 'first'],
    ["if ($t) define('A', 'a'); else define('A', 'b');", computed],
    ["if ($t): define('A', 'a'); endif;", computed],
    ["f(); define('A', 'a'); function f() { define('A', 'b'); }", computed],
    ["foreach ($t as $k => $v) define($k, $v); define('A', 'a');", computed],
    ["require 'b.php'; define('A', 'a');", computed],
    ["define('A', 'a'); require 'b.php';", 'a'],
    ["if (!defined('A')) define('A', 'a');", 'a'],
    ["if (!defined('A')) { define('A', 'a'); }", 'a'],
    ["defined('A') or define('A', 'a');", 'a'],
    ["if (!defined('B')) define('A', 'a');", computed],
    ["if (!defined('A')) define('A', 'a'); else f();", computed],
    ["if ($t): if ($t) f(); else g(); elseif ($t): else: endif; const A = 'a';", 'a'],
    ["enum E { case X; } const A = 'a';", computed],
    ["define('B', 'b');", undefined],
  ]
  for (const [code, value] of constants) test(`A is ${String(value)} by ${JSON.stringify(code)}`, () => assert.equal(constant(code), value))

  test('what stands behind the inclusion of the application configures nothing', () => {
    const { constant: named } = readPhpConfig("<?php define('A', 'a'); require_once ABSPATH . 'wp-settings.php'; define('B', 'b');", '/srv/wp-config.php', 'wp-settings.php')
    assert.deepEqual([named('A'), named('B')], ['a', undefined])
  })

  test('a condition that sets one element leaves the others known', () => {
    assert.deepEqual(variable("$x = ['a' => 1, 'b' => 2]; if ($t) $x['a'] = 3;"), new Map<string, PhpValue>([['a', computed], ['b', 2]]))
  })

  test('the literal that a function returns', () => {
    assert.deepEqual(phpReturned("<?php class a { // function f() { return ['no']; }\n function f(): array { return ['yes']; } }", '/a.php', 'f'), new Map([['0', 'yes']]))
    for (const body of ['{ $x = 1; return $x; }', '{ return $this->all(); }', ';', '{ return [1] + [2]; }']) assert.ok([computed, undefined].includes(phpReturned(`<?php function f() ${body}`, '/a.php', 'f') as undefined), body)
  })

  test('nesting without end makes nothing fail', () => {
    for (const text of ['$x = ' + '['.repeat(50_000), 'if ($a) '.repeat(50_000), '$x = ' + '('.repeat(50_000), '$x = ' + '-'.repeat(50_000), 'f('.repeat(50_000), '$a = '.repeat(50_000), 'function '.repeat(50_000)]) readPhpConfig(`<?php ${text}`, '/a.php')
  })

  test('arrays of both spellings, nested, with keys, numbers and a comma at their end', () => {
    const found = variable("$x = array('a' => 1, 'b' => ['c' => 'd', 5 => 'five', 'six'], 'plain', 'e' => getenv('X'), 'f' => 'g',);")
    assert.equal(phpValueAt(found, 'a'), 1)
    assert.equal(phpValueAt(found, 'b', 'c'), 'd')
    assert.equal(phpValueAt(found, 'b', '6'), 'six')
    assert.equal(phpValueAt(found, '0'), 'plain')
    assert.equal(phpValueAt(found, 'e'), computed)
    assert.equal(phpValueAt(found, 'f'), 'g')
  })

  test('elements that are set one by one', () => {
    assert.equal(phpValueAt(variable("$x['a']['b'] = 'c'; $x['a']['d'] = 'e';"), 'a', 'd'), 'e')
    assert.equal(phpValueAt(variable("$x = ['a' => 1]; if ($y) { $x['a'] = 2; }"), 'a'), computed)
  })

  test('any single-quoted string comes back as it was', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(variable(`$x = '${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'; $y = 1;`), text)
    }))
  })

  test('no text makes it fail or hang', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('$x', '=', "'", '"', '\\', '[', ']', '(', ')', ';', '{', '}', ',', '=>', '.', '<?php ', '?>', ' ', 'a', '1', '/*', '*/', '//', '\n', 'define', 'array', '->', '<<<A\n', 'if', 'else', 'do', 'while', 'switch', 'case', 'try', 'function', 'const', ':', '&', '"\\u{FFFFFFFF}"') , maxLength: 40 }), (text) => {
      readPhpConfig(`<?php ${text}`, '/')
    }), { numRuns: 2000 })
  })
})
