import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { findCandidates } from '../../../src/archive/foreign/find-candidates.ts'
import { ForeignVault } from '../../../src/archive/foreign/foreign-vault.ts'
import { AppError } from '../../../src/kit/app-error.ts'
import { gpgEncrypt, homeAssistantTar, iotstackBackupSet, osmFolder, putFiles, runProgram } from '../../fixtures/foreign-archives.ts'
import { recordingRun } from '../../fixtures/recording-run.ts'
import { seededRandom } from '../../fixtures/seeded-random.ts'
import { contentsOf, makeSample, recogniseFile, samplePassword, samples } from './foreign-samples.ts'

suite('an archive of another program', () => {
  let folder: string

  before(() => { folder = mkdtempSync(join(tmpdir(), 'hf-foreign-')) })
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const sample of samples) {
    suite(sample.name, () => {
      let file: string
      let bytes: Buffer

      before(() => {
        file = makeSample(sample, folder)
        bytes = readFileSync(file)
      })

      test('is recognised, with its date, and gives every file as it was', async () => {
        const point = await recogniseFile(file, sample.password)
        assert.ok(typeof point === 'object')
        assert.deepEqual(point.manifest.foreign, { kind: sample.kind, container: sample.container })
        assert.equal(new Date(point.manifest.startedAt).getTime(), new Date(sample.kind === 'home-assistant' ? '2024-05-03T02:30:00Z' : '2024-05-03T02:30:00').getTime())
        const contents = await contentsOf(point, sample.password)
        for (const [path, content] of Object.entries(sample.files)) assert.deepEqual(contents.get(path), Buffer.from(content), path)
        const expected = new Set([...Object.keys(sample.files), ...(sample.kind === 'home-assistant' ? ['backup.json'] : [])])
        assert.deepEqual([...contents.keys()].filter((path) => !expected.has(path)), [])
        assert.equal(point.manifest.complete, false, 'nobody knows whether it is complete')
      })

      test('is recognised by its content, whatever its name says', async () => {
        const other = join(folder, 'photo.jpg')
        renameSync(file, other)
        const point = await recogniseFile(other, sample.password)
        renameSync(other, file)
        assert.ok(typeof point === 'object')
        assert.equal(point.kind, sample.kind)
      })

      test('is refused wherever it is cut', async () => {
        const random = seededRandom(20_240_503)
        const cut = join(folder, `cut ${sample.file}`)
        const places = [0, 1, 11, bytes.length - 1, bytes.length - 9, bytes.length >> 1, ...Array.from({ length: 6 }, () => Math.floor(random() * bytes.length))]
        for (const at of places) {
          writeFileSync(cut, bytes.subarray(0, at))
          const point = await recogniseFile(cut, sample.password).catch((error: unknown) => {
            assert.ok(error instanceof AppError && error.code.startsWith('archive.'), `cut at ${at}: ${String(error)}`)
            return undefined
          })
          // The zeros that fill up a plain tar say nothing: they may be missing where the end's mark is there.
          if (point !== undefined && sample.container === 'tar' && bytes.subarray(at).every((byte) => byte === 0)) continue
          assert.equal(point, undefined, `cut at ${at} of ${bytes.length}`)
        }
        rmSync(cut)
      })

      test('whose bits have flipped is refused, or gives the very same contents', async () => {
        const random = seededRandom(503)
        const flipped = join(folder, `flipped ${sample.file}`)
        let refused = 0
        for (let count = 0; count < 16; count++) {
          const copy = Buffer.from(bytes)
          const at = Math.floor(random() * copy.length)
          copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8))
          writeFileSync(flipped, copy)
          try {
            const point = await recogniseFile(flipped, sample.password)
            if (typeof point !== 'object') {
              refused += 1
              continue
            }
            // A plain tar has no sums of contents, and says so.
            if (sample.container === 'tar' && sample.kind !== 'home-assistant') continue
            const contents = await contentsOf(point, sample.password)
            for (const [path, content] of Object.entries(sample.files)) if (contents.has(path)) assert.deepEqual(contents.get(path), Buffer.from(content), `${path}, flipped at ${at}`)
          } catch (error) {
            if (!(error instanceof AppError)) throw error
            refused += 1
          }
        }
        assert.ok(refused >= (sample.container === 'tar' && sample.kind !== 'home-assistant' ? 0 : 8), `only ${refused} of 16 were refused`)
        rmSync(flipped)
      })

      if (sample.password !== undefined) {
        test('is refused with a wrong password, and without any', async () => {
          await assert.rejects(recogniseFile(file, 'wrong'), { code: 'archive.password' })
          await assert.rejects(recogniseFile(file), { code: 'archive.password' })
        })
      }
    })
  }

  test('a plain tar says that its contents could not be verified', async () => {
    const point = await recogniseFile(makeSample(samples[4] ?? assert.fail(), folder))
    assert.ok(typeof point === 'object')
    assert.match(point.manifest.notes[0]?.message ?? '', /no checksums of contents/)
  })

  for (const [name, kind, slot] of [
    ['backup-2024-05-03_0230.tar.gz', 'iotstack', 'dated'], ['backup_0.tar.gz', 'iotstack', 'rolling'], ['backup_7.tar.gz', 'iotstack', 'rolling'],
    ['cloud-backup-Maison-4.4.19-2024-05-03-02h30.tar.gz', 'jeedom', 'dated'], ['OSM backup 2024-05-03 02_30_03.zip', 'openstamanager', 'dated'],
  ] as const) {
    test(`${name}, as other versions call it, has its kind and date, and gives every file as it was`, async () => {
      const sample = samples.find((one) => one.kind === kind) ?? assert.fail()
      const file = join(folder, name)
      renameSync(makeSample(sample, folder), file)
      // Where no name tells the date, the file's own time does: here another one, so that it shows which was taken.
      utimesSync(file, new Date('2024-02-01T01:00:00'), new Date('2024-02-01T01:00:00'))
      const point = await recogniseFile(file)
      assert.ok(typeof point === 'object')
      assert.deepEqual([point.kind, new Date(point.manifest.startedAt).getTime(), point.manifest.points[0]?.slot], [kind, new Date(slot === 'rolling' ? '2024-02-01T01:00:00' : '2024-05-03T02:30:00').getTime(), slot])
      const contents = await contentsOf(point)
      for (const [path, content] of Object.entries(sample.files)) assert.deepEqual(contents.get(path), Buffer.from(content), path)
    })
  }

  test('a file that is listed twice comes once', async () => {
    const file = makeSample(samples[6] ?? assert.fail(), folder)
    assert.equal(runProgram('tar', 'tar', ['tzf', file]).split('\n').filter((line) => line === 'docker-compose.yml').length, 2)
    const point = await recogniseFile(file)
    assert.ok(typeof point === 'object')
    const contents = await contentsOf(point)
    assert.equal(contents.get('docker-compose.yml')?.toString(), 'services: {}\n')
    assert.equal(point.manifest.entries, 9)
  })

  test('a folder that OpenSTAManager wrote instead of a zip is one, also where it is called .zip', async () => {
    const root = join(folder, 'folders/tree')
    putFiles(root, { ...samples[0]?.files, 'config.inc.php': 'secret', 'tests/a.php': 'no' })
    const backup = join(folder, 'folders/OSM backup 2020-01-05 10_00_05.zip')
    osmFolder(root, backup)
    const point = await recogniseFile(backup)
    assert.ok(typeof point === 'object')
    assert.deepEqual([point.manifest.foreign?.container, new Date(point.manifest.startedAt).getTime()], ['folder', new Date('2020-01-05T10:00:00').getTime()])
    assert.deepEqual((await contentsOf(point)).get('files/foto.jpg'), Buffer.from(samples[0]?.files['files/foto.jpg'] ?? ''))
    // A search takes the folder as one and does not look into it.
    const found = findCandidates([join(folder, 'folders')], recordingRun()).map(({ files }) => files[0]?.path)
    assert.ok(found.includes(backup))
    assert.ok(!found.some((path) => path?.startsWith(`${backup}/`)))
  })

  test('the files of an IOTstackBackup run are one restore point; each comes to its place', async () => {
    const root = join(folder, 'stack')
    putFiles(root, {
      'docker-compose.yml': 'services: {}\n', 'services/a/a.env': 'a', 'volumes/nodered/flows.json': '[]', 'volumes/influxdb/raw': 'raw', 'volumes/mariadb/db_backup/backup.sql': '-- MariaDB dump 10.19\n-- Host: localhost    Database: home\nCREATE TABLE t (id int);\n-- Dump completed\n',
      'volumes/nextcloud/db_backup/backup.sql': '-- MariaDB dump 10.19\n-- Host: localhost    Database: nextcloud\nCREATE TABLE n (id int);\n-- Dump completed\n', 'volumes/nextcloud/html/config/config.php': 'c', 'volumes/nextcloud/html/data/d': 'd', 'volumes/nextcloud/html/core/not-saved': 'x',
      'volumes/postgres/db_backup/postgres_backup.sql.gz': 'gz', 'backups/influxdb/db/20240503.meta': 'meta',
    })
    const sets = join(folder, 'sets')
    iotstackBackupSet(root, sets, '2024-05-03_0230.iot-hub')
    const candidates = findCandidates([sets], recordingRun())
    assert.equal(candidates.length, 1)
    const point = await recogniseFile(candidates[0] ?? assert.fail())
    assert.ok(typeof point === 'object')
    assert.deepEqual([point.kind, point.manifest.host, point.files.length], ['iotstack-backup', 'iot-hub', 6])
    assert.deepEqual(point.manifest.databases.map(({ name, path }) => [name, path]), [['home', 'volumes/mariadb/db_backup/backup.sql'], ['nextcloud', 'volumes/nextcloud/db_backup/backup.sql']])
    const contents = await contentsOf(point)
    for (const path of ['docker-compose.yml', 'services/a/a.env', 'volumes/mariadb/db_backup/backup.sql', 'volumes/nextcloud/html/data/d', 'backups/influxdb/db/20240503.meta', 'volumes/postgres/db_backup/postgres_backup.sql.gz']) {
      assert.deepEqual(contents.get(path), readFileSync(join(root, path)), path)
    }
    assert.ok(!contents.has('volumes/nextcloud/html/core/not-saved') && !contents.has('volumes/influxdb/raw'))
    // What the set does not hold is not removed: of the volumes only a part is in it.
    assert.ok(point.manifest.selection.exclude.includes('/volumes/*'))
    // One of the files stands for all.
    assert.deepEqual((await recogniseFile(join(sets, '2024-05-03_0230.iot-hub.mariadb-backup.tar.gz')) as typeof point).id, point.id)
  })

  test('a set without its general archive may remove nothing beside what it holds', async () => {
    const alone = join(folder, 'alone')
    mkdirSync(alone)
    cpSync(join(folder, 'sets/2024-05-03_0230.iot-hub.mariadb-backup.tar.gz'), join(alone, '2024-05-03_0230.iot-hub.mariadb-backup.tar.gz'))
    const point = await recogniseFile(findCandidates([alone], recordingRun())[0] ?? assert.fail())
    assert.ok(typeof point === 'object')
    assert.deepEqual([point.manifest.scope, point.manifest.selection.include], ['partial', ['/volumes/mariadb/db_backup/backup.sql']])
  })

  test('a Home Assistant backup with a password is refused, and told so', async () => {
    const root = join(folder, 'ha')
    putFiles(root, samples.at(-1)?.files ?? {})
    const file = join(folder, 'protected.tar')
    homeAssistantTar(root, file, { protectedBy: 'a key' })
    await assert.rejects(recogniseFile(file), { code: 'archive.encryption' })
  })

  test('a dump that breaks off within a sound archive is told, and so is one without a closing line', async () => {
    for (const [text, broken] of [['DROP TABLE zz_modules;\nCREATE TABLE zz_modules (id int);\nINSERT INTO zz_modules VALUES (1', true], ['DROP TABLE zz_modules;\nCREATE TABLE zz_modules (id int);\nINSERT INTO zz_modules VALUES (1);\n', false]] as const) {
      const file = join(folder, `dump ${String(broken)}.zip`)
      makeZip({ ...samples[0]?.files, 'database.sql': text }, file)
      const point = await recogniseFile(file)
      assert.ok(typeof point === 'object')
      assert.deepEqual(point.manifest.warnings.map(({ code }) => code), broken ? ['foreign.dump-broken'] : [])
      assert.deepEqual(point.manifest.notes.map(({ code }) => code), broken ? ['foreign.checked'] : ['foreign.checked', 'foreign.dump-unproven'])
      assert.equal(point.manifest.databases[0]?.unclosed, true)
    }
  })

  test('paths that lead out are refused before anything is made of it', async () => {
    const root = join(folder, 'evil')
    putFiles(root, { 'DB_backup.sql': 'CREATE TABLE eqLogic (id int);\n', 'core/a': 'a', 'x': 'evil' })
    const file = join(folder, 'evil.tar.gz')
    runProgram('tar', 'tar', ['-czf', file, '-P', '--transform', 's,^x$,../../x,', '-C', root, 'DB_backup.sql', 'core', 'x'])
    await assert.rejects(recogniseFile(file), { code: 'archive.unsafe' })
  })

  test('a zip that PHP wrote on Windows has its folders', async () => {
    const file = join(folder, 'windows.zip')
    runProgram('python3', 'python3', ['-c', 'import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], "w")\nfor name, text in (("core.php", "c"), ("modules/a/edit.php", "edit"), ("database.sql", "CREATE TABLE zz_modules (id int);\\n")):\n  i = zipfile.ZipInfo("x")\n  i.filename = name.replace("/", "\\\\")\n  z.writestr(i, text)\nz.close()', file])
    const point = await recogniseFile(file)
    assert.ok(typeof point === 'object')
    assert.equal((await contentsOf(point)).get('modules/a/edit.php')?.toString(), 'edit')
  })

  test('a zip whose modes let everybody write, as PHP\'s are, is read with those that unpacking programs give', async () => {
    const file = join(folder, 'modes.zip')
    runProgram('python3', 'python3', ['-c', 'import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], "w")\nfor name, text in (("core.php", "c"), ("modules/a.php", "a"), ("database.sql", "CREATE TABLE zz_modules (id int);\\n")):\n  i = zipfile.ZipInfo(name)\n  i.external_attr = 0o100666 << 16\n  z.writestr(i, text)\nz.close()', file])
    const point = await recogniseFile(file)
    assert.ok(typeof point === 'object')
    const run = recordingRun()
    for await (const entry of new ForeignVault(point, {}).open(point.id, () => true, run, 'metadata')) assert.equal(entry.mode, entry.kind === 'dir' ? 0o755 : 0o644, entry.path)
  })

  test('what is nothing of all that is passed over', async () => {
    for (const [name, content] of [['a.txt', 'text'], ['empty', ''], ['a.tar.gz', Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(100)])]] as const) {
      const file = join(folder, name)
      writeFileSync(file, content)
      assert.equal(await recogniseFile(file).catch((error: unknown) => { if (error instanceof AppError) return undefined; throw error }), undefined, name)
    }
    const zip = join(folder, 'photos.zip')
    makeZip({ 'a.jpg': 'a', 'b/c.jpg': 'c' }, zip)
    assert.equal(await recogniseFile(zip), undefined)
  })

  test('what gpg wrote as text is read too', async () => {
    const file = gpgEncrypt(makeSample(samples[2] ?? assert.fail(), folder), samplePassword, '--armor')
    assert.match(readFileSync(file, 'utf8'), /^-----BEGIN PGP MESSAGE-----/)
    const point = await recogniseFile(file, samplePassword)
    assert.ok(typeof point === 'object')
    assert.equal(point.manifest.foreign?.container, 'gpg')
  })

  test('bytes that changed within the encryption are refused, where nothing but gpg can see it', async () => {
    const plain = makeSample(samples[4] ?? assert.fail(), folder)
    const file = gpgEncrypt(plain, samplePassword, '--compress-algo', 'none')
    const bytes = readFileSync(file)
    const at = bytes.length - 20_000
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(file, bytes)
    await assert.rejects(recogniseFile(file, samplePassword), { code: 'archive.damaged', message: /gpg/ })
  })

  test('a manifest of ours that an earlier restore by hand has left in it does not make it ours', async () => {
    const file = join(folder, 'left.zip')
    makeZip({ ...samples[0]?.files, '.holdfast-0123456789abcdef/manifest.json': '{}', '.holdfast-0123456789abcdef/records.ndjson': '' }, file)
    assert.ok(typeof await recogniseFile(file) === 'object')
  })

  test('a damaged file of a set is named', async () => {
    const sets = join(folder, 'damaged sets')
    cpSync(join(folder, 'sets'), sets, { recursive: true })
    const part = join(sets, '2024-05-03_0230.iot-hub.nextcloud-backup.tar.gz')
    writeFileSync(part, readFileSync(part).subarray(0, 200))
    await assert.rejects(recogniseFile(findCandidates([sets], recordingRun())[0] ?? assert.fail()), { code: 'archive.damaged', message: /^2024-05-03_0230\.iot-hub\.nextcloud-backup\.tar\.gz: / })
  })

  test('gpg gets its password by a descriptor and leaves nothing behind', async () => {
    const temp = join(folder, 'temp')
    const programs = join(folder, 'programs')
    for (const made of [temp, programs]) mkdirSync(made)
    writeFileSync(join(programs, 'gpg'), `#!/bin/sh\nprintf '%s\\n' "$@" >> ${join(folder, 'arguments')}\nenv >> ${join(folder, 'arguments')}\nexec /usr/bin/gpg "$@"\n`, { mode: 0o755 })
    const plain = makeSample(samples[2] ?? assert.fail(), folder)
    const file = gpgEncrypt(plain, samplePassword)
    const path = process.env['PATH']
    process.env['PATH'] = `${programs}:${path ?? ''}`
    try {
      assert.ok(typeof await recogniseFile(file, samplePassword, { tempFolder: temp }) === 'object')
    } finally {
      process.env['PATH'] = path
    }
    const seen = readFileSync(join(folder, 'arguments'), 'utf8')
    assert.match(seen, /--passphrase-fd/)
    assert.ok(!seen.includes(samplePassword) && !seen.includes('horse'))
    assert.deepEqual(readdirSync(temp), [])
  })

  function makeZip(files: Readonly<Record<string, string | Uint8Array>>, file: string): void {
    const root = join(folder, 'zipped')
    rmSync(root, { recursive: true, force: true })
    putFiles(root, files)
    rmSync(file, { force: true })
    runProgram('zip', 'zip', ['-qr', '-D', file, '.'], { cwd: root })
  }
})
