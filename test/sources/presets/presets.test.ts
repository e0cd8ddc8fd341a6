import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { compileSelection } from '../../../src/disk/selection.ts'
import { ApplicationFolder } from '../../../src/sources/presets/application-folder.ts'
import { detectPreset } from '../../../src/sources/presets/detect-preset.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hf-preset-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function make(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

const databases = (): unknown => detectPreset(root).databases?.(new ApplicationFolder(root))
const missing = (): readonly string[] => (detectPreset(root).missing?.(new ApplicationFolder(root)) ?? []).map(({ message }) => message)
const isSaved = (path: string): boolean => {
  const select = compileSelection({ include: [...detectPreset(root).include ?? []], exclude: [...detectPreset(root).exclude(new ApplicationFolder(root))] })
  const parts = path.split('/')
  return parts.every((_, index) => select(parts.slice(0, index + 1).join('/'), index < parts.length - 1) !== 'skip')
}

suite('a preset is detected by what lies in the folder', () => {
  test('a folder with nothing particular is generic, all of it saved', () => {
    make({ 'a.txt': '', 'tmp/x': '' })
    assert.equal(detectPreset(root).name, 'generic')
    assert.equal(isSaved('tmp/x'), true)
  })

  test('a folder that is not there is told', () => {
    assert.throws(() => detectPreset(join(root, 'none')), { code: 'source.missing' })
  })

  const nextcloud = { 'occ': '', 'version.php': '', 'lib/private/x.php': '' }
  test('Nextcloud with MariaDB on another port', () => {
    make({ ...nextcloud, 'config/config.php': "<?php\n$CONFIG = array (\n  'dbtype' => 'mysql',\n  'dbname' => 'nc',\n  'dbhost' => 'db.lan:3307',\n  'dbuser' => 'oc_admin',\n  'dbpassword' => 'x${y}',\n  'datadirectory' => '" + root + "/data',\n);\n" })
    assert.equal(detectPreset(root).name, 'nextcloud')
    assert.deepEqual(databases(), [{ type: 'mariadb', name: 'nc', host: 'db.lan', port: 3307, user: 'oc_admin', password: 'x$${y}' }])
    assert.deepEqual(missing(), [])
    assert.equal(isSaved('config/config.php'), true)
    assert.equal(isSaved('data/nextcloud.log'), false)
  })

  test('Nextcloud whose data lie elsewhere, or whose database is PostgreSQL, is never called complete', () => {
    make({ ...nextcloud, 'config/config.php': "<?php\n$CONFIG = ['dbtype' => 'pgsql', 'datadirectory' => '/mnt/data'];\n" })
    assert.deepEqual(databases(), [])
    assert.equal(missing().length, 2)
    assert.match(missing()[0] ?? '', /\/mnt\/data, which is not below/)
    assert.match(missing()[1] ?? '', /PostgreSQL/)
  })

  const nextcloudConfig = (settings: string): Record<string, string> => ({ ...nextcloud, 'config/config.php': `<?php\n$CONFIG = [${settings}];\n` })
  const named = "'dbtype' => 'mysql', 'dbname' => 'nc', 'dbuser' => 'u', 'dbpassword' => 'p'"
  test('Nextcloud whose settings are computed is refused, and not taken for one without a database', () => {
    for (const text of ["<?php $CONFIG = array_merge(['dbtype' => 'mysql'], []);", "<?php $CONFIG = ['dbtype' => getenv('T') ?: 'mysql'];", "<?php $CONFIG = ['dbtype' => 'mysql', 'dbname' => 'n', 'dbuser' => 'u', 'dbhost' => getenv('H')];"]) {
      make({ ...nextcloud, 'config/config.php': text })
      assert.throws(databases, { code: 'source.unreadable' }, text)
    }
  })

  test('Nextcloud with Oracle, an object store, a computed or a linked data folder is never called complete', () => {
    make(nextcloudConfig("'dbtype' => 'oci'"))
    assert.match(missing().join(), /Oracle/)
    make(nextcloudConfig(`${named}, 'objectstore' => ['class' => 'S3', 'arguments' => ['key' => getenv('K')]]`))
    assert.match(missing().join(), /object store/)
    make(nextcloudConfig(`${named}, 'datadirectory' => getenv('D')`))
    assert.match(missing().join(), /datadirectory/)
    make(nextcloudConfig(`${named}, 'datadirectory' => '/var/www/html/data'`))
    assert.deepEqual(missing(), [], 'the name of its own folder in a container')
    make(nextcloudConfig(`${named}, 'datadirectory' => '${root}/data'`))
    assert.deepEqual(missing(), [])
    symlinkSync('/usr', join(root, 'data'))
    assert.match(missing().join(), /is not below/)
  })

  test('Nextcloud: further files of settings go before config.php in their order, but for those that look at the environment', () => {
    make({
      ...nextcloudConfig(`${named}, 'dbhost' => 'a'`), 'config/2.config.php': "<?php $CONFIG = ['dbhost' => 'b'];", 'config/10.config.php': "<?php $CONFIG = ['dbhost' => 'c'];",
      'config/s3.config.php': "<?php if (getenv('S3')) { $CONFIG = ['dbhost' => 'd']; }", 'config/z.config.php': '<?php $CONFIG = f();',
    })
    assert.deepEqual(databases(), [{ type: 'mariadb', name: 'nc', host: 'c', user: 'u', password: 'p' }])
  })

  const wordpress = { 'wp-includes/version.php': '', 'wp-content/index.php': '' }
  test('WordPress, with a socket for a host', () => {
    make({ ...wordpress, 'wp-config.php': "<?php\ndefine( 'DB_NAME', 'wp' );\ndefine( 'DB_USER', 'wpu' );\ndefine( 'DB_PASSWORD', 'p' );\ndefine( 'DB_HOST', 'localhost:/run/m.sock' );\n$table_prefix = 'wp_';\n" })
    assert.equal(detectPreset(root).name, 'wordpress')
    assert.deepEqual(databases(), [{ type: 'mariadb', name: 'wp', host: 'localhost', socket: '/run/m.sock', user: 'wpu', password: 'p' }])
    assert.deepEqual(missing(), [])
  })

  test('WordPress whose wp-config.php lies one folder higher: its database is found, and the file is told as missing', () => {
    const above = root
    root = join(above, 'site')
    try {
      make({ ...wordpress, '../wp-config.php': "<?php define('DB_NAME', 'wp'); define('DB_USER', 'u'); define('DB_PASSWORD', ''); define('DB_HOST', 'h');" })
      assert.deepEqual(databases(), [{ type: 'mariadb', name: 'wp', host: 'h', user: 'u' }])
      assert.equal(missing().length, 1)
    } finally {
      root = above
    }
  })

  test('WordPress whose content, plugins or uploads lie elsewhere is never called complete', () => {
    make({ ...wordpress, 'wp-config.php': `<?php define('DB_NAME', 'wp'); define('DB_USER', 'u'); define('WP_CONTENT_DIR', '/srv/content'); define('WP_PLUGIN_DIR', __DIR__ . '/wp-content/mine'); define('UPLOADS', '../files'); require_once ABSPATH . 'wp-settings.php';` })
    assert.deepEqual(missing().map((message) => /WP_CONTENT_DIR|WP_PLUGIN_DIR|UPLOADS/.exec(message)?.[0]), ['WP_CONTENT_DIR', 'UPLOADS'])
    assert.deepEqual(databases(), [{ type: 'mariadb', name: 'wp', user: 'u' }])
  })

  const osm = { 'core.php': '', 'modules/a': '', 'config.example.php': '' }
  const jeedom = { 'core/class/a': '', 'plugins/a/x': '', 'core/config/common.config.sample.php': '' }
  for (const [name, files, config] of [['openstamanager', osm, 'config.inc.php'], ['jeedom', jeedom, 'core/config/common.config.php'], ['wordpress', wordpress, 'wp-config.php'], ['nextcloud', nextcloud, 'config/config.php']] as const) {
    test(`${name} without its configuration, or with one that is empty, is never called complete`, () => {
      make(files)
      assert.equal(detectPreset(root).name, name)
      assert.deepEqual([databases(), detectPreset(root).missing?.(new ApplicationFolder(root)).map(({ code, path }) => [code, path])], [[], [['database.unknown', config]]])
      assert.match(missing().join(), /^is not there.*not installed yet.*holdfast\.yaml/)
      make({ [config]: '' })
      assert.deepEqual(databases(), [])
      assert.match(missing().join(), /^names no database/)
    })
  }

  test('a host, port, socket or password that is computed is refused, not taken for the default; null is', () => {
    for (const [key, value] of [['db_host', 'getenv("H")'], ['db_port', 'port()'], ['db_password', '$_ENV["P"]']] as const) {
      make({ ...osm, 'config.inc.php': `<?php $db_name = 'osm'; $db_username = 'u'; $${key} = ${value};` })
      assert.throws(databases, { code: 'source.unreadable', message: /is not a plain text/ }, key)
      make({ 'config.inc.php': `<?php $db_name = 'osm'; $db_username = 'u'; $${key} = null;` })
      assert.deepEqual(databases(), [{ type: 'mariadb', name: 'osm', user: 'u' }])
    }
  })

  const osmPlace = (backupDir: string): readonly [string | undefined, boolean] => {
    make({ ...osm, 'config.inc.php': `<?php $db_name = 'o'; $db_username = 'u'; $backup_dir = ${backupDir};` })
    return [detectPreset(root).place?.(new ApplicationFolder(root)), isSaved('files/contract.pdf')]
  }
  test('OpenSTAManager: a folder of its own data that is named for backups is not left out by the preset; the whole machine is no place', () => {
    assert.deepEqual(osmPlace("__DIR__ . '/files'"), [`${root}/files`, false], 'nothing is in it yet')
    make({ 'files/OSM backup 2020-01-01 00_00_00 FULL/x': '', 'files/old.zip': '', 'files/old.zip.json': '', 'files/.htaccess': '', 'files/index.html': '', 'files/RESTORE.md': '' })
    assert.deepEqual(osmPlace("__DIR__ . '/files'"), [`${root}/files`, false])
    make({ 'files/contract.pdf': '' })
    assert.deepEqual(osmPlace("__DIR__ . '/files'"), [`${root}/files`, true])
    assert.deepEqual(osmPlace("'/'"), ['backup', true])
    assert.deepEqual(osmPlace("'../../../../../../..'"), ['backup', true])
  })

  test('Jeedom: what a plugin excludes is read as PHP reads it, never the whole plugin, and a name is no pattern', () => {
    const excluding = (list: string): string => `<?php class p { /* function backupExclude() { return ['core']; } */ public static function backupExclude(): array { return ${list}; } }`
    make({ ...jeedom, 'plugins/p/core/class/p.class.php': excluding("['./data/', '.', './', '/', '../q', 'a//b']"), 'plugins/al*/core/class/al*.class.php': excluding("['data']"), 'plugins/alarm/data': '' })
    assert.deepEqual(['plugins/p/data', 'plugins/p/core', 'plugins/p', 'plugins/p/a/b', 'plugins/q', 'plugins/al*/data', 'plugins/alarm/data'].map(isSaved), [false, true, true, false, true, false, true])
  })

  test('Gitea with MariaDB, quotes and comments in its app.ini', () => {
    make({ 'gitea/conf/app.ini': 'APP_NAME = x\n[database]\nDB_TYPE = mysql\nHOST = 10.0.0.2:3306\nNAME=gitea ; the name\nUSER = `git`\nPASSWD = "a;b#c"\n\n[server]\nNAME = other\n' })
    assert.equal(detectPreset(root).name, 'gitea')
    assert.deepEqual(databases(), [{ type: 'mariadb', name: 'gitea', host: '10.0.0.2', port: 3306, user: 'git', password: 'a;b#c' }])
    assert.equal(isSaved('gitea/indexers/issues.bleve/x'), false)
    assert.equal(isSaved('git/repositories/log/x'), true)
  })

  test('Gitea with PostgreSQL, or with SQLite outside the folder, is never called complete', () => {
    make({ 'custom/conf/app.ini': '[database]\nDB_TYPE=postgres\n' })
    assert.match(missing()[0] ?? '', /postgres/)
    make({ 'custom/conf/app.ini': '[database]\nDB_TYPE=sqlite3\nPATH=/elsewhere/gitea.db\n' })
    assert.match(missing()[0] ?? '', /\/elsewhere\/gitea\.db/)
    make({ 'custom/conf/app.ini': `[database]\nDB_TYPE=sqlite3\nPATH=${root}/data/gitea.db\n` })
    assert.deepEqual(missing(), [])
  })

  test('Gitea whose repositories, data, large files or attachments lie elsewhere is never called complete; a container calls its volume /data', () => {
    make({ 'custom/conf/app.ini': '[database]\nDB_TYPE=mysql\n[repository]\nROOT=/srv/git\n[server]\nAPP_DATA_PATH=/srv/data\nLFS_CONTENT_PATH=/srv/lfs\n[lfs]\nPATH=/srv/large\n[attachment]\nPATH=/srv/attached\n' })
    assert.deepEqual(missing().map((message) => /\/srv\/\w+/.exec(message)?.[0]), ['/srv/git', '/srv/data', '/srv/lfs', '/srv/large', '/srv/attached'])
    make({ 'custom/conf/app.ini': `[database]\nDB_TYPE=mysql\n[repository]\nROOT=${root}/repositories\n[server]\nAPP_DATA_PATH=/data/gitea\n[attachment]\nPATH=data/attachments\n` })
    assert.deepEqual(missing(), [])
  })

  const inMariadb = [{ type: 'mariadb', name: 'ha', host: 'db', user: 'u' }]
  const spread: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'an included file': { 'configuration.yaml': 'recorder: !include parts/recorder.yaml\n', 'parts/recorder.yaml': 'db_url: !secret url\n', 'secrets.yaml': 'url: mysql://u@db/ha\n' },
    'a secret beside the included file': { 'configuration.yaml': 'recorder: !include parts/recorder.yaml\n', 'parts/recorder.yaml': 'db_url: !secret url\n', 'parts/secrets.yaml': 'url: mysql://u@db/ha\n', 'secrets.yaml': 'url: mysql://u@db/other\n' },
    'a package in the file': { 'configuration.yaml': 'homeassistant:\n  packages:\n    history:\n      recorder:\n        db_url: mysql://u@db/ha\n' },
    'a package in a file': { 'configuration.yaml': 'homeassistant: !include core.yaml\n', 'core.yaml': 'packages:\n  one: !include one.yaml\n', 'one.yaml': 'recorder:\n  db_url: mysql://u@db/ha\n' },
    'packages in a folder': { 'configuration.yaml': 'homeassistant:\n  packages: !include_dir_named packages\n', 'packages/deep/er/history.yaml': 'recorder: !include /config/recorder.yaml\n', 'recorder.yaml': 'db_url: mysql://u@db/ha\n', 'packages/light.yaml': 'light: {}\n' },
    'packages in a merged folder': { 'configuration.yaml': 'homeassistant:\n  packages: !include_dir_merge_named packages/\n', 'packages/all.yaml': 'one: {}\nhistory: !include ../history.yaml\n', 'history.yaml': 'recorder:\n  db_url: mysql://u@db/ha\n' },
    'an anchor': { 'configuration.yaml': '.url: &r {db_url: mysql://u@db/ha}\nrecorder:\n  <<: *r\n  purge_keep_days: 3\n' },
  }
  for (const [where, files] of Object.entries(spread)) {
    test(`Home Assistant's database is found in ${where}`, () => {
      make({ '.HA_VERSION': '2026.1', ...files })
      assert.deepEqual(databases(), inMariadb)
      assert.deepEqual(missing(), [])
    })
  }

  test('Home Assistant whose recorder is there and cannot be found out is refused', () => {
    for (const text of ['recorder: !include gone.yaml\n', 'recorder: !include configuration.yaml\n', 'recorder:\n  db_url: !env_var URL\n', 'homeassistant:\n  packages: !include_dir_list packages\n', 'recorder: {db_url: [\n', 'recorder: !other x\n']) {
      make({ '.HA_VERSION': '2026.1', 'configuration.yaml': text })
      if (text.includes('configuration.yaml')) make({ 'configuration.yaml': 'recorder: !include again.yaml\n', 'again.yaml': '!include again.yaml\n' })
      assert.throws(databases, { code: 'source.unreadable' }, text)
      assert.deepEqual(missing(), [], 'who names the database in holdfast.yaml is not stopped')
    }
  })

  test('Home Assistant whose SQLite file lies elsewhere is never called complete', () => {
    const url = (text: string): void => make({ '.HA_VERSION': '2026.1', 'configuration.yaml': `recorder:\n  db_url: ${text}\n` })
    url('sqlite:////elsewhere/ha.db')
    assert.match(missing().join(), /\/elsewhere\/ha\.db, which is not below/)
    for (const within of ['sqlite:////config/ha.db', `sqlite:///${root}/ha.db?timeout=1`, 'sqlite:///ha.db', 'sqlite://']) {
      url(within)
      assert.deepEqual([databases(), missing()], [[], []], within)
    }
  })

  test('Home Assistant with its history in MariaDB by a secret', () => {
    make({ '.HA_VERSION': '2026.1', 'configuration.yaml': 'default_config:\nautomation: !include automations.yaml\nrecorder:\n  db_url: !secret recorder\n', 'secrets.yaml': 'recorder: mysql://ha:p%40ss@core-mariadb/homeassistant?charset=utf8mb4\n' })
    assert.equal(detectPreset(root).name, 'home-assistant')
    assert.deepEqual(databases(), [{ type: 'mariadb', name: 'homeassistant', host: 'core-mariadb', user: 'ha', password: 'p@ss' }])
    assert.equal(isSaved('backups/x.tar'), false)
    assert.equal(isSaved('.storage/auth'), true)
  })

  test('Home Assistant with a secret that is not there is refused, and without db_url has no server\'s database', () => {
    make({ '.HA_VERSION': '2026.1', 'configuration.yaml': 'recorder:\n  db_url: !secret gone\n' })
    assert.throws(databases, { code: 'source.unreadable' })
    make({ 'configuration.yaml': 'default_config:\n' })
    assert.deepEqual(databases(), [])
  })

  test('a configuration that is a pipe, or too large, does not hang or fill the memory', async () => {
    make({ 'core/config/common.config.php': `<?php // ${'x'.repeat(2_000_000)}` })
    assert.equal(detectPreset(root).name, 'jeedom')
    assert.throws(databases, { code: 'source.unreadable' })
    rmSync(join(root, 'core/config/common.config.php'))
    const { execFileSync } = await import('node:child_process')
    execFileSync('mkfifo', [join(root, 'core/config/common.config.php')])
    assert.throws(databases, { code: 'source.unreadable' })
  })
})
