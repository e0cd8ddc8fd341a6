import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Grants } from '../../../src/sources/databases/mariadb-grants.ts'

test('names with signs that mean something in patterns of other kinds are plain names', () => {
  for (const name of ['my-app', '-', 'a.b', '[x]', '(y', 'a/b', 'c++', 'd|e', '^f$', '{1}', "o'brien"]) {
    const grants = new Grants([`GRANT SELECT ON \`${name}\`.* TO \`u\`@\`localhost\``])
    assert.deepEqual([name, `${name}x`, 'aXb'].map((database) => grants.within(database, 'SELECT')), [true, false, false], name)
  }
})

test('grants cover what they say: everything, one database, a pattern; not single tables or columns', () => {
  const grants = new Grants([
    'GRANT USAGE ON *.* TO `u`@`localhost` IDENTIFIED BY PASSWORD \'*X\'',
    'GRANT `role` TO `u`@`localhost`',
    'GRANT SELECT, LOCK TABLES ON `shop`.* TO `u`@`localhost`',
    'GRANT ALL PRIVILEGES ON `we``ird`.* TO `u`@`localhost` WITH GRANT OPTION',
    String.raw`GRANT TRIGGER ON ` + '`a\\_b%`.* TO `u`@`localhost`',
    'GRANT SELECT (`a`, `b`), EVENT ON `other`.`t` TO `u`@`localhost`',
  ])
  assert.equal(grants.within('shop', 'SELECT'), true)
  assert.equal(grants.within('shop', 'LOCK TABLES'), true)
  assert.equal(grants.within('shop', 'TRIGGER'), false)
  assert.equal(grants.within('we`ird', 'EVENT'), true)
  assert.deepEqual(['a_b', 'a_bc', 'axb', 'za_b'].map((name) => grants.within(name, 'TRIGGER')), [true, true, false, false])
  assert.equal(grants.within('other', 'SELECT'), false)
  assert.equal(grants.within('other', 'EVENT'), false)
  assert.equal(grants.everywhere('SUPER'), false)
  assert.equal(new Grants(['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`']).everywhere('SUPER'), true)
  assert.equal(new Grants(['GRANT SELECT, SUPER ON *.* TO `root`@`localhost`']).within('any', 'SUPER'), true)
})
