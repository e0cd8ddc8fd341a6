import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/kit/app-error.ts'
import { parseConfig } from '../../src/config/parse-config.ts'

/** Broken configurations and the whole of what the user is told. */
const broken: readonly { readonly name: string; readonly text: string; readonly error: string }[] = [
  {
    name: 'an empty file',
    text: ``,
    error: `
/etc/h.yaml:1:1: the file is empty: it needs at least "apps: {NAME: {root: FOLDER}}"`,
  },
  {
    name: 'only a comment',
    text: `# nothing yet
`,
    error: `
/etc/h.yaml:1:1: the file is empty: it needs at least "apps: {NAME: {root: FOLDER}}"
  1 | # nothing yet
    | ^`,
  },
  {
    name: 'a tab as indentation',
    text: `apps:
	demo:
		root: /srv/demo
`,
    error: `
/etc/h.yaml:2:1: a tab indents this line; YAML wants spaces
  2 |  demo:
    | ^

/etc/h.yaml:3:1: a tab indents this line; YAML wants spaces
  3 |   root: /srv/demo
    | ^^`,
  },
  {
    name: 'a mistyped key',
    text: `apps:
  demo:
    root: /srv/demo
    exclud: [cache]
`,
    error: `
/etc/h.yaml:4:5: "exclud" is not known in "apps.demo"; did you mean "exclude"?
  4 |     exclud: …
    |     ^^^^^^`,
  },
  {
    name: 'a mistyped key at the top',
    text: `app:
  demo: {root: /srv/demo}
`,
    error: `
/etc/h.yaml:1:1: "app" is not known at the top of the file; did you mean "apps"?
  1 | app:
    | ^^^`,
  },
  {
    name: 'an unknown key that resembles nothing',
    text: `apps:
  demo:
    root: /srv/demo
    colour: red
`,
    error: `
/etc/h.yaml:4:5: "colour" is not known in "apps.demo"; known are root, preset, include, exclude, oneFileSystem, cacheDirTag, parts, databases, containers, vaults, format, kind, scope, keep, hooks, expect, schedule, jeedom, ping, verify, password, allowForeign
  4 |     colour: …
    |     ^^^^^^`,
  },
  {
    name: 'a missing root',
    text: `apps:
  demo: {}
`,
    error: `
/etc/h.yaml:2:3: "root" is missing in "apps.demo"
  2 |   demo: {}
    |   ^^^^`,
  },
  {
    name: 'an application without anything',
    text: `apps:
  demo:
`,
    error: `
/etc/h.yaml:2:8: "apps.demo" must be keys with values, but has no value
  2 |   demo:
    |        ^`,
  },
  {
    name: 'a key without a value',
    text: `apps:
  demo:
    root:
`,
    error: `
/etc/h.yaml:3:10: "apps.demo.root" must be text, but has no value
  3 |     root:
    |          ^`,
  },
  {
    name: 'a key that stands twice',
    text: `apps:
  demo:
    root: /srv/demo
    root: /srv/other
`,
    error: `
/etc/h.yaml:4:5: this key stands here twice
  4 |     root: /srv/other
    |     ^^^^`,
  },
  {
    name: 'an unclosed bracket',
    text: `apps:
  demo:
    root: /srv/demo
    exclude: [cache
`,
    error: `
/etc/h.yaml:4:19: a bracket is opened and not closed before this
  4 |     exclude: [cache
    |                   ^`,
  },
  {
    name: 'an unclosed quote',
    text: `apps:
  demo:
    root: "/srv/demo
`,
    error: `
/etc/h.yaml:3:20: a quote is opened and not closed before this
  3 |     root: "/srv/demo
    |                    ^`,
  },
  {
    name: 'a missing colon',
    text: `apps:
  demo:
    root /srv/demo
    kind: both
`,
    error: `
/etc/h.yaml:3:5: a key must stand on one line; is a colon or a quote missing?
  3 |     root /srv/demo
    |     ^^^^^^^^^^^^^^`,
  },
  {
    name: 'wrong indentation',
    text: `apps:
  demo:
    root: /srv/demo
   kind: both
`,
    error: `
/etc/h.yaml:4:4: this line is not indented like its neighbours
  4 |    kind: both
    |    ^^^^`,
  },
  {
    name: 'too little indentation',
    text: `apps:
  demo:
  root: /srv/demo
`,
    error: `
/etc/h.yaml:2:8: "apps.demo" must be keys with values, but has no value
  2 |   demo:
    |        ^

/etc/h.yaml:3:9: "apps.root" must be keys with values, not text
  3 |   root: /srv/demo
    |         ^^^^^^^^^`,
  },
  {
    name: 'text that needs quotes',
    text: `apps:
  demo:
    root: /srv/demo
    exclude: [*.tmp]
`,
    error: `
/etc/h.yaml:4:15: "*" begins an alias, and there is no anchor "&.tmp" before it; text that begins so must be in quotes
  4 |     exclude: [*.tmp]
    |               ^^^^^`,
  },
  {
    name: 'a reserved character',
    text: `apps:
  demo:
    root: @home
`,
    error: `
/etc/h.yaml:3:11: text that begins with this character must be in quotes
  3 |     root: @home
    |           ^`,
  },
  {
    name: 'a tag',
    text: `apps:
  demo:
    root: !path /srv/demo
`,
    error: `
/etc/h.yaml:3:11: tags ("!name") are not read here
  3 |     root: !path /srv/demo
    |           ^^^^^`,
  },
  {
    name: 'a second document',
    text: `apps:
  demo:
    root: /srv/demo
---
apps: {}
`,
    error: `
/etc/h.yaml:4:1: a second document begins here ("---"); only one is read
  4 | ---
    | ^`,
  },
  {
    name: 'an alias without anchor',
    text: `apps: *all
`,
    error: `
/etc/h.yaml:1:7: "*" begins an alias, and there is no anchor "&all" before it; text that begins so must be in quotes
  1 | apps: *all
    |       ^^^^`,
  },
  {
    name: 'aliases that multiply',
    text: `a: &a [1,1,1,1,1,1,1,1,1,1]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: [*c,*c,*c,*c,*c,*c]
`,
    error: `
/etc/h.yaml:1:1: anchors and aliases multiply to more than 100 values
  1 | a: &a [1,1,1,1,1,1,1,1,1,1]
    | ^`,
  },
  {
    name: 'a mistyped key that was merged in',
    text: `apps:
  one: &one {root: /srv/one, keap: {last: 3}}
  two:
    <<: *one
    root: /srv/two
`,
    error: `
/etc/h.yaml:2:30: "keap" is not known in "apps.one"; did you mean "keep"?
  2 |   one: &one {root: /srv/one, keap: …
    |                              ^^^^`,
  },
  {
    name: 'a list instead of names',
    text: `apps: [demo]
`,
    error: `
/etc/h.yaml:1:1: "apps" must be keys with values, not a list
  1 | apps: [demo]
    | ^^^^`,
  },
  {
    name: 'plain text',
    text: `just some words
`,
    error: `
/etc/h.yaml:1:1: the file must be keys with values, not text
  1 | just some words
    | ^^^^^^^^^^^^^^^`,
  },
  {
    name: 'a name that is none',
    text: `apps:
  my shop:
    root: /srv/shop
`,
    error: `
/etc/h.yaml:2:3: "my shop" must be a name of at most 64 letters, digits, ".", "_" and "-", that starts with a letter or digit
  2 |   my shop:
    |   ^^^^^^^`,
  },
  {
    name: 'wrong rules of every kind',
    text: `apps:
  demo:
    root: /srv/demo
    keep: {last: many, daly: 7, weekly: -1, within: 3 fortnights, monthly: 1.5, maxSize: 5}
`,
    error: `
/etc/h.yaml:4:18: "apps.demo.keep.last" must be a number, not text
  4 |     keep: {last: many, daly: 7, weekly: -1, within: 3 fortnights, monthly: 1.5, maxSize: 5}
    |                  ^^^^

/etc/h.yaml:4:24: "daly" is not known in "apps.demo.keep"; did you mean "daily"?
  4 |     keep: {last: many, daly: …
    |                        ^^^^

/etc/h.yaml:4:41: "apps.demo.keep.weekly" must be 0 or more
  4 |     keep: {last: many, daly: 7, weekly: -1, within: 3 fortnights, monthly: 1.5, maxSize: 5}
    |                                         ^^

/etc/h.yaml:4:53: "apps.demo.keep.within" must be a length of time such as 10m (minutes), 12h, 30d, 6mo or 2y
  4 |     keep: {last: many, daly: 7, weekly: -1, within: 3 fortnights, monthly: 1.5, maxSize: 5}
    |                                                     ^^^^^^^^^^^^

/etc/h.yaml:4:76: "apps.demo.keep.monthly" must be a whole number, not a number with a fraction
  4 |     keep: {last: many, daly: 7, weekly: -1, within: 3 fortnights, monthly: 1.5, maxSize: 5}
    |                                                                            ^^^

/etc/h.yaml:4:90: "apps.demo.keep.maxSize" must be text, not a whole number; put it in quotes
  4 |     keep: {last: many, daly: 7, weekly: -1, within: 3 fortnights, monthly: 1.5, maxSize: 5}
    |                                                                                          ^`,
  },
  {
    name: 'an unknown word for a format',
    text: `apps:
  demo:
    root: /srv/demo
    format: tar.gzip
`,
    error: `
/etc/h.yaml:4:13: "apps.demo.format" must be one of zip, tar.gz, tar.zst, folder, not "tar.gzip"; did you mean "tar.gz"?
  4 |     format: tar.gzip
    |             ^^^^^^^^`,
  },
  {
    name: 'an unknown moment and wrong hooks',
    text: `apps:
  demo:
    root: /srv/demo
    hooks:
      before: []
      frozen: [{command: 5}, {comand: docker compose stop}, {command: x, timeout: ten}]
`,
    error: `
/etc/h.yaml:5:7: "before" is not known in "apps.demo.hooks"; known are live-before, frozen, after, on-failure, before-restore, after-restore
  5 |       before: …
    |       ^^^^^^

/etc/h.yaml:6:26: "apps.demo.hooks.frozen[1].command" must be text or a list, not a whole number; put it in quotes
  6 |       frozen: [{command: 5}, {comand: docker compose stop}, {command: x, timeout: ten}]
    |                          ^

/etc/h.yaml:6:31: "comand" is not known in "apps.demo.hooks.frozen[2]"; did you mean "command"?
  6 |       frozen: [{command: 5}, {comand: …
    |                               ^^^^^^

/etc/h.yaml:6:83: "apps.demo.hooks.frozen[3].timeout" must be a length of time such as 10m (minutes), 12h, 30d, 6mo or 2y
  6 |       frozen: [{command: 5}, {comand: docker compose stop}, {command: x, timeout: ten}]
    |                                                                                   ^^^`,
  },
  {
    name: 'databases of unknown types',
    text: `apps:
  demo:
    root: /srv/demo
    databases:
      - {type: mysql, name: shop}
      - {name: shop}
      - {type: sqlite, paht: shop.db, path: a.db}
      - shop
      - {type: mariadb, tls: yes, port: 0}
`,
    error: `
/etc/h.yaml:4:5: "type" is missing in "apps.demo.databases[2]": one of mariadb, sqlite
  4 |     databases:
    |     ^^^^^^^^^

/etc/h.yaml:5:16: "apps.demo.databases[1].type" must be one of mariadb, sqlite, not "mysql"
  5 |       - {type: mysql, name: shop}
    |                ^^^^^

/etc/h.yaml:7:24: "paht" is not known in "apps.demo.databases[3]"; did you mean "path"?
  7 |       - {type: sqlite, paht: …
    |                        ^^^^

/etc/h.yaml:8:9: "apps.demo.databases[4]" must be keys with values, not text
  8 |       - shop
    |         ^^^^

/etc/h.yaml:9:30: "apps.demo.databases[5].tls" must be false or keys with values, not text
  9 |       - {type: mariadb, tls: yes, port: 0}
    |                              ^^^

/etc/h.yaml:9:41: "apps.demo.databases[5].port" must be 1 or more
  9 |       - {type: mariadb, tls: yes, port: 0}
    |                                         ^`,
  },
  {
    name: 'a password that is a number',
    text: `apps:
  demo:
    root: /srv/demo
    password: 71345
`,
    error: `
/etc/h.yaml:4:15: "apps.demo.password" must be text or {env: …}, {file: …} or {command: …}, not a whole number; put it in quotes
  4 |     password: ***
    |               ^^^`,
  },
  {
    name: 'a mistyped password',
    text: `apps:
  demo:
    root: /srv/demo
    pasword: hunter2-canary
`,
    error: `
/etc/h.yaml:4:5: "pasword" is not known in "apps.demo"; did you mean "password"?
  4 |     pasword: …
    |     ^^^^^^^`,
  },
  {
    name: 'a password reference that is mistyped',
    text: `apps:
  demo:
    root: /srv/demo
    password: {evn: SHOP_PASSWORD}
`,
    error: `
/etc/h.yaml:4:16: "evn" is not known in "apps.demo.password"; did you mean "env"?
  4 |     password: ***
    |                ^^`,
  },
  {
    name: 'a password from two places',
    text: `apps:
  demo:
    root: /srv/demo
    password:
      env: SHOP_PASSWORD
      file: /etc/shop
`,
    error: `
/etc/h.yaml:4:5: "apps.demo.password" must have one of the keys env, file, command
  4 |     password:
    |     ^^^^^^^^`,
  },
  {
    name: 'a password without blank after the colon',
    text: `apps:
  demo:
    root: /srv/demo
    password:hunter2-canary
`,
    error: `
/etc/h.yaml:4:5: a colon with a blank after it is missing
  4 |     password:***
    |     ^^^^^^^^^^^^`,
  },
  {
    name: 'a password on the same line as an error',
    text: `apps:
  demo: {root: /srv/demo, password: hunter2-canary, colour: red}
`,
    error: `
/etc/h.yaml:2:53: "colour" is not known in "apps.demo"; known are root, preset, include, exclude, oneFileSystem, cacheDirTag, parts, databases, containers, vaults, format, kind, scope, keep, hooks, expect, schedule, jeedom, ping, verify, password, allowForeign
  2 |   demo: {root: /srv/demo, password: ***
    |                                        ^`,
  },
  {
    name: 'an error inside a password over several lines',
    text: `apps:
  demo:
    root: /srv/demo
    password: |
      hunter2-canary
     hunter2-canary
`,
    error: `
/etc/h.yaml:6:6: this line is not indented like its neighbours
  6 | ***
    |    ^`,
  },
  {
    name: 'an unclosed quote in a password',
    text: `apps:
  demo:
    root: /srv/demo
    password: "hunter2-canary
`,
    error: `
/etc/h.yaml:4:29: a quote is opened and not closed before this
  4 |     password: ***
    |                  ^`,
  },
  {
    name: 'a vault that is not there',
    text: `apps:
  demo: {root: /srv/demo, vaults: [nass]}
vaults:
  nas: {type: archive, place: /mnt/nas}
`,
    error: `
/etc/h.yaml:2:36: there is no vault "nass"; did you mean "nas"?
  2 |   demo: {root: /srv/demo, vaults: [nass]}
    |                                    ^^^^`,
  },
  {
    name: 'a password with a format that cannot keep it',
    text: `apps:
  demo:
    root: /srv/demo
    format: tar.zst
    password: \${SHOP_PASSWORD}
`,
    error: `
/etc/h.yaml:5:5: archives of "demo" in the format tar.zst cannot be encrypted; use zip, or remove the password
  5 |     password: \${SHOP_PASSWORD}
    |     ^^^^^^^^`,
  },
  {
    name: 'a vault\'s password with a format that cannot keep it',
    text: `apps:
  demo:
    root: /srv/demo
vaults:
  nas: {type: archive, place: /mnt/nas, format: tar.gz, password: {env: X}}
`,
    error: `
/etc/h.yaml:5:57: archives of "demo" in the format tar.gz cannot be encrypted; use zip, or remove the password
  5 |   nas: {type: archive, place: /mnt/nas, format: tar.gz, password: ***
    |                                                         ^^^^^^^^`,
  },
  {
    name: 'an expectation in words',
    text: `apps:
  demo:
    root: /srv/demo
    expect: {every: daily, maxShrink: half}
    verify: sometimes
    schedule: {crn: x}
`,
    error: `
/etc/h.yaml:4:21: "apps.demo.expect.every" must be a length of time such as 10m (minutes), 12h, 30d, 6mo or 2y, or never
  4 |     expect: {every: daily, maxShrink: half}
    |                     ^^^^^

/etc/h.yaml:4:39: "apps.demo.expect.maxShrink" must be a percentage such as 50%
  4 |     expect: {every: daily, maxShrink: half}
    |                                       ^^^^

/etc/h.yaml:5:13: "apps.demo.verify" must be one of always, never, not "sometimes"
  5 |     verify: sometimes
    |             ^^^^^^^^^

/etc/h.yaml:6:16: "crn" is not known in "apps.demo.schedule"; did you mean "cron"?
  6 |     schedule: {crn: …
    |                ^^^`,
  },
  {
    name: 'more than ten errors',
    text: `apps:
  demo:
    root: /srv/demo
    keep:
      zza: 1
      zzb: 1
      zzc: 1
      zzd: 1
      zze: 1
      zzf: 1
      zzg: 1
      zzh: 1
      zzi: 1
      zzj: 1
      zzk: 1
      zzl: 1
`,
    error: `
/etc/h.yaml:5:7: "zza" is not known in "apps.demo.keep"; known are last, hourly, daily, weekly, monthly, yearly, within, maxSize, partial, database, incomplete
  5 |       zza: …
    |       ^^^

/etc/h.yaml:6:7: "zzb" is not known in "apps.demo.keep"; known are last, hourly, daily, weekly, monthly, yearly, within, maxSize, partial, database, incomplete
  6 |       zzb: …
    |       ^^^

/etc/h.yaml:7:7: "zzc" is not known in "apps.demo.keep"; known are last, hourly, daily, weekly, monthly, yearly, within, maxSize, partial, database, incomplete
  7 |       zzc: …
    |       ^^^

/etc/h.yaml:8:7: "zzd" is not known in "apps.demo.keep"; known are last, hourly, daily, weekly, monthly, yearly, within, maxSize, partial, database, incomplete
  8 |       zzd: …
    |       ^^^

/etc/h.yaml:9:7: "zze" is not known in "apps.demo.keep"; known are last, hourly, daily, weekly, monthly, yearly, within, maxSize, partial, database, incomplete
  9 |       zze: …
    |       ^^^

/etc/h.yaml:10:7: "zzf" is not known in "apps.demo.keep"; known are last, hourly, daily, weekly, monthly, yearly, within, maxSize, partial, database, incomplete
  10 |       zzf: …
     |       ^^^

/etc/h.yaml:11:7: "zzg" is not known in "apps.demo.keep"; known are last, hourly, daily, weekly, monthly, yearly, within, maxSize, partial, database, incomplete
  11 |       zzg: …
     |       ^^^

/etc/h.yaml:12:7: "zzh" is not known in "apps.demo.keep"; known are last, hourly, daily, weekly, monthly, yearly, within, maxSize, partial, database, incomplete
  12 |       zzh: …
     |       ^^^

/etc/h.yaml:13:7: "zzi" is not known in "apps.demo.keep"; known are last, hourly, daily, weekly, monthly, yearly, within, maxSize, partial, database, incomplete
  13 |       zzi: …
     |       ^^^

/etc/h.yaml:14:7: "zzj" is not known in "apps.demo.keep"; known are last, hourly, daily, weekly, monthly, yearly, within, maxSize, partial, database, incomplete
  14 |       zzj: …
     |       ^^^

… and 2 more`,
  },
  {
    name: 'control characters in a key',
    text: `apps:
  demo:
    root: /srv/demo
    "\\e[2Jx": 1
`,
    error: `
/etc/h.yaml:4:5: "\\u001b[2Jx" is not known in "apps.demo"; known are root, preset, include, exclude, oneFileSystem, cacheDirTag, parts, databases, containers, vaults, format, kind, scope, keep, hooks, expect, schedule, jeedom, ping, verify, password, allowForeign
  4 |     "\\e[2Jx": …
    |     ^^^^^^^^`,
  },
  {
    name: 'a very long line',
    text: `apps: {demo: {root: /srv/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, kind: dayted}}
`,
    error: `
/etc/h.yaml:1:184: "apps.demo.kind" must be one of dated, rolling, both, not "dayted"; did you mean "dated"?
  1 | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, kind: dayted}}
    |                                        ^^^^^^`,
  },
]

for (const { name, text, error } of broken) {
  test(`${name} is explained`, () => {
    const thrown = errorOf(text)
    assert.equal(thrown.code, 'config.invalid')
    assert.equal(`\n${thrown.message}`, error)
    assert.doesNotMatch(`${thrown.message} ${thrown.hint}`, /canary/, 'a secret is shown')
  })
}

function errorOf(text: string): AppError {
  try {
    parseConfig(text, '/etc/h.yaml', '/home/u')
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'it was taken for good' })
}
