import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { newMachine } from './machine.ts'
import { program } from './program.ts'

test('the least configuration is enough: an application with its root', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'file'), 'x')
  await machine.configure(`apps: {demo: {root: ./demo}}\nplace: ./place\n`)
  await machine.backup([])
  assert.equal((await machine.points())[0]?.root, machine.app)
})

test('a mistake is told with file, line, column and the nearest key', async () => {
  await using machine = await newMachine()
  await machine.configure('apps:\n  demo:\n    root: /srv/demo\n    exlude: [/cache/]\n')
  const { stderr } = await machine.holdfast(['backup'], { status: 1 })
  assert.match(stderr, new RegExp(`error: ${machine.configFile}:4:5: .*exlude.*exclude`, 's'))
  assert.match(stderr, / {2}4 \|     exlude: …\n +\|     \^{6}/)
  assert.match(stderr, /\[config\.invalid\]/)
})

test('a configuration that others can write is refused: its hooks would run as us', async () => {
  await using machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app } } })
  await chmod(machine.configFile, 0o666)
  const { stderr } = await machine.holdfast(['backup', 'demo'], { status: 1 })
  assert.match(stderr, /can be written by everybody, whose commands it would run \[config\.unsafe\]\nwhat to do: Look it over, then: chmod o-w/)
})

test('several applications share one place, and each command asks for --app where it matters', async () => {
  await using machine = await newMachine()
  await machine.configure({ apps: { demo: { root: './demo' }, shop: { root: './shop' } }, place: './place' })
  await mkdir(join(machine.folder, 'shop'))
  await writeFile(join(machine.folder, 'shop/goods'), 'goods')
  await writeFile(join(machine.app, 'file'), 'x')
  for (const app of ['demo', 'shop', 'shop']) await machine.backup([app])
  const { place } = machine
  for (const args of [['restore', 'latest', '--no-ask'], ['verify', 'latest'], ['show'], ['forget', '--keep-last', '1', '--no-ask']]) {
    const { stderr } = await machine.holdfast([...args, '--from', place], { status: 1 })
    assert.match(stderr, /several applications here: demo, shop \[app\.ambiguous\]\nwhat to do: Name one with --app/, args.join(' '))
    await machine.holdfast([...args, '--from', place, '--app', 'shop'])
  }
  assert.deepEqual((await machine.points()).map(({ app }) => app).sort(), ['demo', 'shop'])
  assert.match((await machine.holdfast(['backup'], { status: 1 })).stderr, /several applications: demo, shop/)
})

test('one vault that fails does not stop the other: the point is there, and the run partial', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'file'), 'x')
  await mkdir(join(machine.folder, 'second'))
  await machine.configure({ apps: { demo: { root: './demo' } }, vaults: { one: { type: 'archive', place: './place' }, two: { type: 'archive', place: './second', format: 'zip' } } })
  const points = await machine.backup(['demo'])
  assert.deepEqual(points.map(({ format }) => format), ['tar.gz', 'zip'])
  await machine.configure({ apps: { demo: { root: './demo' } }, vaults: { gone: { type: 'archive', place: './not-mounted/place' }, two: { type: 'archive', place: './second' } } })
  const { stderr } = await machine.holdfast(['backup', 'demo'], { status: 3 })
  assert.match(stderr, /warning: The vault "gone" failed: There is no folder .*not-mounted/)
  assert.equal((await machine.points(join(machine.folder, 'second'))).length, 2)
})

test('a vault whose disk is full while it is written does not stop the other, whose point is complete', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'file'), randomBytes(2_000_000))
  const second = join(machine.folder, 'second')
  await mkdir(second)
  await machine.configure({ apps: { demo: { root: './demo' } }, vaults: { one: { type: 'archive', place: './place' }, two: { type: 'archive', place: './second' } } })
  await program('mount', 'mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', machine.place])
  try {
    const { stderr } = await machine.holdfast(['backup', 'demo'], { status: 3 })
    assert.match(stderr, /warning: The vault "one" failed: /)
    assert.deepEqual((await readdir(machine.place)).filter((name) => name.startsWith('demo')), [])
  } finally {
    await program('umount', 'mount', [machine.place])
  }
  assert.deepEqual((await machine.points(second)).map(({ complete }) => complete), [true])
})

test('two folders of one name never share restore points by accident', async () => {
  await using machine = await newMachine()
  const namesake = join(machine.folder, 'elsewhere/demo')
  await mkdir(namesake, { recursive: true })
  for (const folder of [machine.app, namesake]) await writeFile(join(folder, 'file'), folder)
  await machine.backup([machine.app, '--to', machine.place])
  const { stderr } = await machine.holdfast(['backup', namesake, '--to', machine.place], { status: 1 })
  assert.match(stderr, /restore points of "demo" here were made from .* \[app\.ambiguous\]\nwhat to do: Give this one another name \(--name\)/)
  assert.equal((await machine.points()).length, 1)
  await machine.backup([namesake, '--to', machine.place, '--name', 'other'])
  assert.deepEqual((await machine.points()).map(({ app }) => app).sort(), ['demo', 'other'])
})
