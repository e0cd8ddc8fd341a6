import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { after, before, test } from 'node:test'
import { answerOf } from '../e2e/program.ts'

const project = join(import.meta.dirname, '../..')
let folder = ''
let pages: ReadonlyMap<string, string> = new Map()

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-site-'))
  // A proxy that is not there: whoever wanted something of the network would fail.
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, http_proxy: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1' }
  const { status, stdout, stderr } = await answerOf(process.execPath, [join(project, 'node_modules/vitepress/bin/vitepress.js'), 'build', 'docs', '--outDir', folder], { cwd: project, env })
  // It ends with a failure where a link leads nowhere.
  assert.equal(status, 0, `${stdout}${stderr}`)
  pages = new Map(globSync('**/*.html', { cwd: folder }).map((name) => [`/${name}`, readFileSync(join(folder, name), 'utf8')]))
}, { timeout: 120_000 })
after(async () => await rm(folder, { recursive: true, force: true }))

test('every page of docs/ is a page of the site, and the navigation names each', () => {
  const front = pages.get('/tutorial.html') ?? ''
  for (const name of globSync('**/*.md', { cwd: join(project, 'docs') })) {
    const address = `/${name.replace(/\.md$/, '.html')}`
    assert.ok(pages.has(address), name)
    if (name !== 'index.md') assert.ok(front.includes(`href="${address}"`), `the navigation does not name ${name}`)
  }
})

test('every link to a part of a page leads there', () => {
  const broken: string[] = []
  let seen = 0
  for (const [address, html] of pages) {
    for (const [, target = '', anchor = ''] of html.matchAll(/<a [^>]*href="([^":#]*)#([^"]+)"/g)) {
      const page = target === '' ? address : posix.join(posix.dirname(address), target)
      seen++
      if (!(pages.get(target.startsWith('/') ? target : page) ?? '').includes(`id="${decodeURIComponent(anchor)}"`)) broken.push(`${address}: ${target}#${anchor}`)
    }
  }
  assert.ok(seen > 200)
  assert.deepEqual(broken, [])
})

test('the site loads nothing from elsewhere', () => {
  for (const [address, html] of pages) {
    const foreign = [...html.matchAll(/<(?:script|link|img|iframe|source|video)\b[^>]*\b(?:src|href)="(?:https?:)?\/\/[^"]*"/g)].map(([tag]) => tag)
    assert.deepEqual(foreign, [], address)
  }
  for (const name of globSync('assets/**/*.css', { cwd: folder })) assert.ok(!/url\(["']?(?:https?:)?\/\//.test(readFileSync(join(folder, name), 'utf8')), name)
})
