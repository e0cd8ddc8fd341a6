import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { launcher } from '../e2e/machine.ts'

/** A server with one small application, started as users start it. */
export class DashboardServer implements AsyncDisposable {
  readonly folder: string
  readonly root: string
  readonly place: string
  url = ''
  setupToken = ''
  #child: ChildProcess | undefined

  private constructor(folder: string) {
    this.folder = folder
    this.root = join(folder, 'shop')
    this.place = join(folder, 'place')
  }

  static async start(): Promise<DashboardServer> {
    const server = new DashboardServer(await mkdtemp(join(tmpdir(), 'holdfast-browser-')))
    await mkdir(join(server.root, 'docs'), { recursive: true })
    await mkdir(server.place)
    for (let file = 0; file < 20; file++) await writeFile(join(server.root, 'docs', `page-${file}.txt`), `page ${file}\n`.repeat(200))
    // Names are hostile: this one must be text, and nothing else, wherever it is shown.
    await writeFile(join(server.root, '<img src=x onerror=document.title=1>.txt'), 'markup in a name\n')
    await writeFile(join(server.root, 'index.txt'), 'the first page\n')
    await writeFile(join(server.folder, 'holdfast.yaml'), JSON.stringify({ apps: { shop: { root: server.root, schedule: 'daily', expect: { every: '2d', minSize: '1kB' } } }, place: server.place, state: join(server.folder, 'state') }), { mode: 0o600 })
    await server.#run()
    return server
  }

  async #run(): Promise<void> {
    const child = spawn(launcher, ['--config', join(this.folder, 'holdfast.yaml'), '--json', 'serve', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] ?? '', HOME: this.folder, LANG: 'C.UTF-8' } })
    this.#child = child
    let text = ''
    for await (const line of createInterface({ input: child.stdout })) {
      text += line
      if (line === '}') break
    }
    const { url, setupToken = '' } = JSON.parse(text) as { url: string; setupToken?: string }
    Object.assign(this, { url, setupToken })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined && this.#child.exitCode === null) {
      this.#child.kill('SIGTERM')
      await once(this.#child, 'exit')
    }
    await rm(this.folder, { recursive: true, force: true })
  }
}
