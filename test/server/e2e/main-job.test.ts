import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { z } from 'zod'
import { diffResultSchema, pointDetailSchema, previewSchema, treePageSchema, treePlaceSchema } from '../../../src/model/api/browse.ts'
import { appCardSchema, overviewSchema, pointsPageSchema } from '../../../src/model/api/overview.ts'
import type { Point } from '../../../src/model/api/overview.ts'
import { restorePlanSchema, restoreStateSchema } from '../../../src/model/api/restore.ts'
import { runsPageSchema, touchAnswerSchema } from '../../../src/model/api/runs.ts'
import { configTextSchema, discoverySchema, testPlaceSchema, uploadSchema } from '../../../src/model/api/settings.ts'
import { runEventSchema } from '../../../src/model/run-event.ts'
import { openSampleDatabaseFile } from '../../e2e/sample-database-file.ts'
import type { SseEvent } from './running-server.ts'
import { demoMachine, RunningServer } from './running-server.ts'

const comment = '# Kept by whoever edits it: 日本 <!-- -->'

suite('the main job over HTTP', () => {
  let server: RunningServer
  let root: string

  before(async () => {
    const machine = await demoMachine()
    root = machine.app
    for (const folder of ['src', 'files']) mkdirSync(join(root, folder))
    writeFileSync(join(root, 'index.php'), '<?php echo "hello";\n')
    writeFileSync(join(root, 'src/blob.bin'), Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) & 255)))
    for (let number = 0; number < 250; number++) writeFileSync(join(root, 'files', `attachment ${number}.txt`), `attachment ${number}`)
    openSampleDatabaseFile(join(root, 'data.sqlite')).close()
    await machine.configure(`${comment}
apps:
  demo: # the shop
    root: ${root}
    parts: {attachments: [/files/]}
    databases: [{type: sqlite, path: data.sqlite}]
    format: tar.gz
  other: {root: ${root}/src, place: ignored}
place: ${machine.place}
`.replace(', place: ignored', ''))
    server = await RunningServer.start(machine)
  })
  after(async () => await server[Symbol.asyncDispose]())

  const points = async (app = 'demo'): Promise<readonly Point[]> => (await server.get(pointsPageSchema, 'GET', `/api/apps/${app}/points`)).points
  const newest = async (scope: string): Promise<Point> => {
    const found = (await points()).find((point) => point.scope === scope)
    assert.ok(found, `a point of the scope ${scope}`)
    return found
  }

  test('backups of all, of the databases, and without a part, by whoever may', async () => {
    for (const [body, scope] of [[{}, 'full'], [{ scope: 'database' }, 'database'], [{ scope: 'partial' }, 'partial'], [{ without: ['attachments'] }, 'partial']] as const) {
      const count = (await points()).length
      const { outcome, command, run } = await server.work('POST', '/api/apps/demo/backup', body, { as: 'operator' })
      assert.equal(outcome, 'ok')
      assert.match(command, /^holdfast --config .* backup demo/)
      await server.until('the new point is listed', async () => (await points()).length === count + 1)
      const [point] = await points()
      assert.equal(point?.scope, scope)
      assert.notEqual(point?.verifiedAt, undefined)
      const line = (await server.get(runsPageSchema, 'GET', '/api/apps/demo/runs')).runs[0]
      assert.deepEqual([line?.run, line?.kind, line?.outcome, line?.points], [run, 'backup', 'ok', [point?.id]])
    }
    for (const body of [{ scope: 'all' }, { without: ['nothing'] }, { without: ['attachments', '--config', '/tmp/evil.yaml'] }, { without: ['--json'] }, { scope: 'full', more: 1 }]) assert.equal(await server.refused('POST', '/api/apps/demo/backup', body), '400 usage', JSON.stringify(body))
    const { protected: sound, total, apps } = await server.get(overviewSchema, 'GET', '/api/apps', undefined, { as: 'viewer' })
    assert.deepEqual([sound, total, apps.map(({ name }) => name)], [1, 2, ['demo', 'other']])
  })

  test('what happens is told as it happens, and again from where a listener stopped', async () => {
    const seen: SseEvent[] = []
    const listening = (async () => {
      for await (const event of server.events('/api/events')) {
        seen.push(event)
        if (event.name === 'ticket' && z.object({ state: z.string() }).parse(event.data).state === 'ended') return
      }
    })()
    await server.until('it listens', async () => (await server.ask('GET', '/api/session')).status === 200)
    const { run = '' } = await server.work('POST', '/api/apps/demo/backup', { scope: 'database' })
    await listening
    const types = seen.filter(({ name }) => name === 'run').map(({ data }) => z.object({ event: runEventSchema }).parse(data).event.type)
    assert.equal(types[0], 'run.started')
    assert.ok(types.includes('run.phase'))
    const middle = seen[Math.floor(seen.length / 2)]
    const again: string[] = []
    for await (const { id } of server.events('/api/events', { lastId: middle?.id ?? '' })) {
      again.push(id)
      if (id === seen.at(-1)?.id) break
    }
    assert.deepEqual(again, seen.map(({ id }) => id).slice(seen.indexOf(middle ?? { id: '', name: '', data: '' }) + 1))
    for (const lastId of ['00000000-7', 'nonsense', '']) {
      for await (const { name } of server.events('/api/events', { lastId })) {
        assert.equal(name, 'reset', `"${lastId}" is of no start that is known`)
        break
      }
    }

    const all: SseEvent[] = []
    for await (const event of server.events(`/api/apps/demo/runs/${run}/events`)) all.push(event)
    assert.deepEqual(all.map(({ id }) => Number(id)), Array.from({ length: all.length }, (_, index) => index + 1))
    assert.equal(runEventSchema.parse(all.at(-1)?.data).type, 'run.finished')
    const rest: string[] = []
    for await (const { id } of server.events(`/api/apps/demo/runs/${run}/events`, { lastId: '3' })) rest.push(id)
    assert.deepEqual(rest, all.map(({ id }) => id).slice(3))
    const log = await server.ask('GET', `/api/apps/demo/runs/${run}/log?download`)
    assert.match(log.text, /data\.sqlite/)
    assert.match(log.headers['content-disposition'] ?? '', new RegExp(`filename="demo-${run}\\.log"`))
    assert.equal(await server.refused('GET', '/api/apps/demo/runs/0123456789abcdef/log'), '404 vault.unknown-point')
    assert.equal(await server.refused('GET', `/api/apps/other/runs/${run}/events`), '404 vault.unknown-point', 'the run of another application')
  })

  test('a viewer hears that something has changed, and no details', async () => {
    const names = new Set<string>()
    const listening = (async () => {
      for await (const { name } of server.events('/api/events', { as: 'viewer' })) {
        names.add(name)
        if (names.size > 1 || name === 'overview') return
      }
    })()
    await server.work('POST', '/api/apps/demo/backup', { scope: 'database' })
    await listening
    assert.deepEqual([...names], ['overview'])
  })

  test('a restore point is browsed page by page, searched, previewed and downloaded', async () => {
    const { id, sizeBytes, key, sha256 } = await newest('full')
    const at = `/api/apps/demo/points/${id}`
    const detail = await server.get(pointDetailSchema, 'GET', at)
    assert.deepEqual(detail.databases.map(({ engine, tables }) => [engine, tables.length]), [['sqlite', 3]])
    const names: string[] = []
    for (let cursor: string | undefined = '0'; cursor !== undefined;) {
      const page = treePageSchema.parse((await server.ask('GET', `${at}/tree?path=files&limit=100&cursor=${cursor}`)).json)
      assert.equal(page.total, 250)
      names.push(...page.entries.map(({ name }) => name))
      cursor = page.next
    }
    assert.deepEqual(names, Array.from({ length: 250 }, (_, number) => `attachment ${number}.txt`).sort())
    const top = await server.get(treePageSchema, 'GET', `${at}/tree`)
    assert.deepEqual(top.entries.slice(0, 2).map(({ name, kind }) => [name, kind]), [['files', 'dir'], ['src', 'dir']], 'folders first')
    assert.deepEqual((await server.get(treePageSchema, 'GET', `${at}/search?q=ATTACHMENT%20249`)).entries.map(({ path }) => path), ['files/attachment 249.txt'])
    assert.equal(await server.refused('GET', `${at}/search?q=`), '400 usage')
    assert.deepEqual(await server.get(treePlaceSchema, 'GET', `${at}/tree/place?path=files&name=ATTACHMENT%20249`), { at: names.indexOf('attachment 249.txt') })
    assert.equal(await server.refused('GET', `${at}/tree?limit=1001`), '400 usage')
    assert.deepEqual(await server.get(previewSchema, 'GET', `${at}/preview?path=index.php`), { path: 'index.php', text: '<?php echo "hello";\n', cut: false })
    assert.equal((await server.get(previewSchema, 'GET', `${at}/preview?path=src/blob.bin`)).text, undefined)

    const file = await server.ask('GET', `${at}/file?path=src/blob.bin`)
    assert.deepEqual([file.status, file.headers['content-type'], file.headers['content-disposition']], [200, 'application/octet-stream', 'attachment; filename="blob.bin"; filename*=UTF-8\'\'blob.bin'])
    assert.ok(file.bytes.equals(readFileSync(join(root, 'src/blob.bin'))))
    const zip = await server.ask('GET', `${at}/folder.zip?path=src`)
    assert.deepEqual([zip.headers['content-type'], zip.bytes.subarray(0, 2).toString()], ['application/zip', 'PK'])

    const archive = readFileSync(join(server.machine.place, key))
    const whole = await server.ask('GET', `${at}/download`)
    assert.ok(whole.bytes.equals(archive))
    assert.equal(whole.headers['content-length'], String(sizeBytes))
    const tag = whole.headers.etag ?? ''
    assert.ok(tag.includes(sha256 ?? '?'))
    const part = async (headers: Record<string, string>): Promise<unknown> => {
      const { status, bytes, headers: { 'content-range': range } } = await server.ask('GET', `${at}/download`, undefined, { headers })
      return [status, range, bytes.equals(archive) ? 'whole' : archive.indexOf(bytes) === -1 ? 'other bytes' : bytes.length]
    }
    assert.deepEqual(await part({ range: 'bytes=100-199' }), [206, `bytes 100-199/${sizeBytes}`, 100])
    assert.deepEqual(await part({ range: `bytes=${sizeBytes - 10}-` }), [206, `bytes ${sizeBytes - 10}-${sizeBytes - 1}/${sizeBytes}`, 10])
    assert.deepEqual(await part({ range: 'bytes=-10' }), [206, `bytes ${sizeBytes - 10}-${sizeBytes - 1}/${sizeBytes}`, 10])
    assert.deepEqual(await part({ range: `bytes=${sizeBytes}-` }), [416, `bytes */${sizeBytes}`, 0])
    for (const range of ['bytes=', 'bytes=-', 'bytes=1-2,4-5', 'lines=1-2', 'bytes=a-b']) assert.deepEqual(await part({ range }), [200, undefined, 'whole'], range)
    assert.deepEqual(await part({ 'range': 'bytes=5-', 'if-range': '"another file"' }), [200, undefined, 'whole'], 'what was begun with another file does not go on with this one')
    assert.deepEqual(await part({ 'range': 'bytes=0-9', 'if-range': tag }), [206, `bytes 0-9/${sizeBytes}`, 10])
    const head = await server.ask('HEAD', `${at}/download`)
    assert.deepEqual([head.status, head.bytes.length, head.headers['content-length']], [200, 0, String(sizeBytes)])
  })

  test('verify, and what differs from another point or from now', async () => {
    const { id } = await newest('full')
    assert.equal((await server.work('POST', `/api/apps/demo/points/${id}/verify`)).outcome, 'ok')
    writeFileSync(join(root, 'new.txt'), 'new')
    const diff = diffResultSchema.parse((await server.work('POST', `/api/apps/demo/points/${id}/diff`, { with: 'live' })).result)
    assert.deepEqual(diff.entries.filter(({ path }) => path === 'new.txt').map(({ change }) => change), ['added'])
    const without = await newest('partial')
    const between = diffResultSchema.parse((await server.work('POST', `/api/apps/demo/points/${id}/diff`, { with: without.id })).result)
    assert.ok(between.removed >= 250)
    assert.equal((await server.work('POST', '/api/apps/other/backup', {})).outcome, 'ok')
    // The server looks at the place once the run has ended.
    let foreign: Point | undefined
    await server.until('the point of the other application is listed', async () => ([foreign] = await points('other'))[0] !== undefined)
    const across = await server.work('POST', `/api/apps/demo/points/${id}/diff`, { with: foreign?.id })
    assert.equal(across.error?.code, 'vault.unknown-point', 'the point of another application is none of this one')
    for (const path of ['', '/tree', '/download', '/file?path=index.php']) assert.equal(await server.refused('GET', `/api/apps/other/points/${id}${path}`), '404 vault.unknown-point', path)
  })

  test('restore: a plan, the typed name, the restore, and back again', async () => {
    const { id } = await newest('full')
    const asked = { point: id }
    writeFileSync(join(root, 'index.php'), 'broken')
    rmSync(join(root, 'files'), { recursive: true })
    const planned = await server.work('POST', '/api/apps/demo/restore/plan', asked, { as: 'operator' })
    const plan = restorePlanSchema.parse(planned.result)
    assert.ok(plan.overwritten >= 1 && plan.written >= 250 && plan.deleted >= 1, JSON.stringify(plan))
    assert.ok(plan.samples.overwritten.includes('index.php') && plan.samples.deleted.includes('new.txt'))
    assert.equal(readFileSync(join(root, 'index.php'), 'utf8'), 'broken', 'a plan changes nothing')
    for (const confirm of [undefined, '', 'Demo', 'demo ']) assert.equal(await server.refused('POST', '/api/apps/demo/restore', { ...asked, confirm }), '400 restore.confirm')
    assert.equal(readFileSync(join(root, 'index.php'), 'utf8'), 'broken')
    assert.equal((await server.work('POST', '/api/apps/demo/restore', { ...asked, confirm: 'demo' })).outcome, 'ok')
    assert.equal(readFileSync(join(root, 'index.php'), 'utf8'), '<?php echo "hello";\n')
    assert.equal(readdirSync(join(root, 'files')).length, 250)
    assert.equal((await server.get(restoreStateSchema, 'GET', '/api/apps/demo/restore')).undo?.point, id)
    assert.equal((await server.work('POST', '/api/apps/demo/restore/undo')).outcome, 'ok')
    assert.equal(readFileSync(join(root, 'index.php'), 'utf8'), 'broken')
    assert.equal((await server.work('POST', '/api/apps/demo/restore', { ...asked, confirm: 'demo' })).outcome, 'ok')
  })

  test('only some paths, and only into folders that one may choose', async () => {
    const { id } = await newest('full')
    const target = join(server.machine.folder, 'elsewhere')
    const asked = { point: id, paths: ['src'], what: 'files', target }
    for (const as of ['operator', 'viewer'] as const) for (const path of ['/plan', '']) assert.equal(await server.refused('POST', `/api/apps/demo/restore${path}`, { ...asked, confirm: 'demo' }, { as }), '403 access.denied')
    const done = await server.work('POST', '/api/apps/demo/restore', { ...asked, confirm: 'demo' })
    assert.equal(done.outcome, 'ok', JSON.stringify(done))
    assert.deepEqual(readdirSync(target), ['src'])
    for (const more of [{ target: 'relative' }, { paths: ['--target=/etc'] }, { databases: { '--trust': 'x' } }, { paths: ['bad \udcff'] }]) assert.equal(await server.refused('POST', '/api/apps/demo/restore', { ...asked, confirm: 'demo', ...more }), '400 usage', JSON.stringify(more))
  })

  test('an archive is uploaded in pieces, over a broken connection, checked, planned and restored', async () => {
    const { id, key } = await newest('full')
    const archive = readFileSync(join(server.machine.place, key))
    const begun = await server.get(uploadSchema, 'POST', '/api/uploads', { app: 'demo', name: '../../evil <b>.tar.gz', sizeBytes: archive.length }, {}, 201)
    const at = `/api/uploads/${begun.id}`
    assert.equal((await server.get(uploadSchema, 'PATCH', `${at}?offset=0`, undefined, { raw: archive.subarray(0, 1000) })).receivedBytes, 1000)
    for (const offset of ['0', '999', '1001', '-1', 'x', String(Number.MAX_SAFE_INTEGER)]) assert.equal(await server.refused('PATCH', `${at}?offset=${offset}`, undefined, { raw: 'x' }), '400 usage', offset)
    // A connection that stands still, and is never closed: whoever comes again must not have to wait for it.
    const stalled = server.open('PATCH', `${at}?offset=1000`, undefined, { headers: { 'content-length': '5000' }, raw: archive.subarray(1000, 1500) }).catch(() => undefined)
    await server.until('the piece has come', async () => (await server.get(uploadSchema, 'GET', at)).receivedBytes === 1500)
    assert.equal((await server.get(uploadSchema, 'PATCH', `${at}?offset=1500`, undefined, { raw: archive.subarray(1500, 2000) })).receivedBytes, 2000)
    await server.end()
    await stalled
    await server.begin()
    assert.equal((await server.get(uploadSchema, 'GET', at)).receivedBytes, 2000, 'it goes on after a restart of the server')
    assert.equal(await server.refused('POST', '/api/apps/demo/restore/plan', { point: `upload:${begun.id}` }), '400 usage', 'not before it was checked')
    await server.get(uploadSchema, 'PATCH', `${at}?offset=2000`, undefined, { raw: archive.subarray(2000) })
    await server.until('it was checked', async () => (await server.get(uploadSchema, 'GET', at)).state === 'ready')
    writeFileSync(join(root, 'index.php'), 'broken again')
    const plan = restorePlanSchema.parse((await server.work('POST', '/api/apps/demo/restore/plan', { point: `upload:${begun.id}` })).result)
    assert.deepEqual([plan.target, plan.point], [root, id])
    assert.equal((await server.work('POST', '/api/apps/demo/restore', { point: `upload:${begun.id}`, confirm: 'demo' })).outcome, 'ok')
    assert.equal(readFileSync(join(root, 'index.php'), 'utf8'), '<?php echo "hello";\n')
    assert.equal(await server.refused('POST', '/api/apps/other/restore/plan', { point: `upload:${begun.id}` }), '400 usage', 'it was uploaded for another application')
    assert.equal((await server.ask('DELETE', at)).status, 204)
    assert.equal(await server.refused('GET', at), '404 vault.unknown-point')

    const junk = await server.get(uploadSchema, 'POST', '/api/uploads', { app: 'demo', name: 'junk.zip', sizeBytes: 4 }, {}, 201)
    assert.equal(await server.refused('PATCH', `/api/uploads/${junk.id}?offset=0`, undefined, { raw: 'more than was said' }), '400 usage')
    await server.get(uploadSchema, 'PATCH', `/api/uploads/${junk.id}?offset=${(await server.get(uploadSchema, 'GET', `/api/uploads/${junk.id}`)).receivedBytes}`, undefined, { raw: 'junk' })
    await server.until('it was refused', async () => (await server.get(uploadSchema, 'GET', `/api/uploads/${junk.id}`)).state === 'refused')
    assert.equal(await server.refused('POST', '/api/uploads', { app: 'demo', name: 'x', sizeBytes: Number.MAX_SAFE_INTEGER }), '507 storage.full')
    assert.equal(await server.refused('POST', '/api/uploads', { app: 'nothing', name: 'x', sizeBytes: 1 }), '404 app.unknown')
  })

  test('a point is deleted by an admin who types the application\'s name', async () => {
    const { id, key } = await newest('database')
    const at = `/api/apps/demo/points/${id}`
    assert.equal(await server.refused('DELETE', at, { confirm: 'demo' }, { as: 'operator' }), '403 access.denied')
    assert.equal(await server.refused('DELETE', at, { confirm: 'other' }), '400 restore.confirm')
    assert.ok(readdirSync(server.machine.place).includes(key))
    assert.equal((await server.work('DELETE', at, { confirm: 'demo' })).outcome, 'ok')
    assert.ok(!readdirSync(server.machine.place).includes(key))
    await server.until('it is not listed', async () => !(await points()).some((point) => point.id === id))
    assert.equal(await server.refused('GET', at), '404 vault.unknown-point')
  })

  test('settings are changed with their comments kept, and not over somebody else\'s change', async () => {
    const first = await server.get(configTextSchema, 'GET', '/api/config')
    assert.ok(first.text.startsWith(comment) && first.text.includes('# the shop'))
    const change = { changes: [{ path: ['apps', 'demo', 'keep'], value: { last: 30 } }] }
    const changed = await server.get(configTextSchema, 'PATCH', '/api/config', { etag: first.etag, ...change })
    assert.match(changed.text, /demo:\s*# the shop\n(?: {4}.*\n)* {4}keep:\s*\{? *last: 30/)
    assert.ok(changed.text.startsWith(comment))
    assert.equal(readFileSync(server.machine.configFile, 'utf8'), changed.text)
    assert.equal(await server.refused('PATCH', '/api/config', { etag: first.etag, ...change }), '409 storage.exists')
    assert.equal(await server.refused('PUT', '/api/config', { etag: first.etag, text: changed.text }), '409 storage.exists')
    for (const value of [{ path: ['apps', 'demo', 'root'], value: null }, { path: ['apps', 'demo', 'keeps'], value: 1 }, { path: ['__proto__', 'x'], value: 1 }]) assert.equal(await server.refused('PATCH', '/api/config', { etag: changed.etag, changes: [value] }), '400 config.invalid', JSON.stringify(value))
    for (const text of ['apps: [', 'apps: {demo: {}}', '', '&a [*a, *a]']) assert.equal(await server.refused('PUT', '/api/config', { etag: changed.etag, text }), '400 config.invalid', text)
    assert.equal(readFileSync(server.machine.configFile, 'utf8'), changed.text)
    const added = await server.get(configTextSchema, 'PATCH', '/api/config', { etag: changed.etag, changes: [{ path: ['apps', 'third'], value: { root } }] })
    await server.until('the third is known', async () => (await server.ask('GET', '/api/apps/third')).status === 200)
    await server.get(configTextSchema, 'PATCH', '/api/config', { etag: added.etag, changes: [{ path: ['apps', 'third'], value: null }] })
    assert.equal(await server.refused('GET', '/api/apps/third'), '404 app.unknown')
  })

  test('before an application is added it is told where it would go, and a folder that is none is refused', async () => {
    const { app, place, folder } = server.machine
    const added = join(folder, 'to-add')
    mkdirSync(added)
    const ask = async (path: string): Promise<z.infer<typeof discoverySchema>> => await server.get(discoverySchema, 'GET', `/api/discover?folder=${encodeURIComponent(path)}`)
    const { applications: [found], following } = await ask(added)
    assert.ok(found !== undefined && (found.places[0]?.freeBytes ?? 0) > 0)
    assert.deepEqual({ root: found.root, name: found.name, places: found.places.map((facts) => `${facts.place} ${facts.disk}`) }, { root: added, name: 'to-add', places: [`${place} same`] })
    assert.deepEqual(following.find((one) => one.app === 'demo'), { app: 'demo', vaults: [{ name: 'default', place }] })
    for (const [path, answer] of [[join(folder, 'nowhere'), '409 source.missing'], [server.machine.configFile, '409 source.missing'], [app, '400 usage'], ['relative', '400 usage']] as const) assert.equal(await server.refused('GET', `/api/discover?folder=${encodeURIComponent(path)}`), answer, path)
    const tryPlace = async (of: string): Promise<z.infer<typeof testPlaceSchema>> => await server.get(testPlaceSchema, 'POST', '/api/config/test-place', { place: of, roots: [added] })
    const inside = join(app, 'backups')
    mkdirSync(inside)
    const { ok, places } = await tryPlace(inside)
    assert.deepEqual({ ok, inside: places.map((facts) => facts.inside) }, { ok: true, inside: [app] }, 'it lies in another application')
    rmSync(inside, { recursive: true })
    for (const bad of [added, join(folder, 'nowhere'), server.machine.configFile, 'relative']) assert.equal((await tryPlace(bad)).ok, false, bad)
  })

  test('the first use of a day makes one full backup, however often it is told', async () => {
    const full = async (): Promise<number> => (await points()).filter(({ scope }) => scope === 'full').length
    const count = await full()
    const answers = await Promise.all(Array.from({ length: 20 }, async () => (await server.get(touchAnswerSchema, 'POST', '/api/apps/demo/touch', undefined, { as: 'operator' })).state))
    assert.equal(answers.filter((state) => state === 'started').length, 1, answers.join(' '))
    await server.until('it was made', async () => await full() === count + 1)
    await server.until('it is done for today', async () => (await server.get(touchAnswerSchema, 'POST', '/api/apps/demo/touch')).state === 'done')
    assert.equal(await full(), count + 1)
  })

  test('a run that is cancelled ends with all that it started, and the next one is fine', async () => {
    const config = await server.get(configTextSchema, 'GET', '/api/config')
    const mark = `${3000 + process.pid}`
    await server.get(configTextSchema, 'PATCH', '/api/config', { etag: config.etag, changes: [{ path: ['apps', 'demo', 'hooks'], value: { frozen: [{ command: `sh -c 'sleep ${mark} & sleep ${mark}; wait'` }] } }] })
    const { ticket } = z.object({ ticket: z.string() }).parse((await server.ask('POST', '/api/apps/demo/backup', {})).json)
    const asked = z.object({ ticket: z.string() }).parse((await server.ask('POST', '/api/apps/demo/backup', {})).json)
    await server.until('the hook runs', () => processes(mark).length >= 2)
    const card = await server.get(appCardSchema, 'GET', '/api/apps/demo')
    assert.deepEqual([card.running?.kind, card.queued], ['backup', true])
    assert.equal(await server.refused('POST', `/api/runs/other/${card.running?.run}/cancel`, {}), '400 usage', 'not in the name of another application')
    assert.equal(await server.refused('POST', `/api/runs/other/${ticket}/cancel`, {}), '400 usage')
    assert.equal((await server.ask('POST', `/api/runs/demo/${asked.ticket}/cancel`)).status, 204)
    assert.equal((await server.ended(asked.ticket)).outcome, 'interrupted')
    assert.equal((await server.ask('POST', `/api/runs/demo/${card.running?.run}/cancel`)).status, 204)
    const ended = await server.ended(ticket)
    assert.equal(ended.outcome, 'interrupted')
    assert.deepEqual(processes(mark), [])
    await server.until('the list tells so', async () => (await server.get(runsPageSchema, 'GET', '/api/apps/demo/runs')).runs[0]?.outcome === 'interrupted')
    const again = await server.get(configTextSchema, 'GET', '/api/config')
    await server.get(configTextSchema, 'PATCH', '/api/config', { etag: again.etag, changes: [{ path: ['apps', 'demo', 'hooks'], value: null }] })
    assert.equal((await server.work('POST', '/api/apps/demo/backup', {})).outcome, 'ok')
    assert.equal(await server.refused('POST', `/api/runs/demo/${ticket}/cancel`, {}), '400 usage', 'what has ended is not cancelled')
  })

  test('whoever does not read to the end leaves no file open', async () => {
    const { id } = await newest('full')
    const open = (): number => readdirSync(`/proc/${server.pid}/fd`).length
    await server.until('all is quiet', async () => await server.ask('GET', '/api/session').then(() => true))
    const count = open()
    for (let round = 0; round < 5; round++) {
      for (const path of ['/download', '/file?path=src/blob.bin', '/folder.zip?path=', '/file?path=nothing', '/preview?path=src/blob.bin']) {
        for (const method of ['GET', 'HEAD']) (await server.open(method, `/api/apps/demo/points/${id}${path}`)).destroy()
      }
      for (const method of ['GET', 'HEAD']) (await server.open(method, '/api/events')).destroy()
    }
    await server.until('what was begun is closed', () => open() <= count + 3)
  })
})

/** Those whose command line has this word. */
function processes(word: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').some((part) => part === word)
    } catch {
      return false
    }
  })
}
