import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { getAsset, isSea } from 'node:sea'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { problem } from './answers.ts'

type WebFile = { readonly bytes: Buffer<ArrayBuffer>; readonly zipped?: Buffer<ArrayBuffer>; readonly type: string }

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
  '.png': 'image/png', '.ico': 'image/x-icon', '.woff2': 'font/woff2', '.json': 'application/json', '.webmanifest': 'application/manifest+json', '.txt': 'text/plain; charset=utf-8',
}
const assetList = 'web-files.json'

/** The dashboard's built files, read from the disk (or the executable) when they are first asked for. */
export class WebFiles {
  #names: ReadonlySet<string>
  readonly #list: () => readonly string[]
  readonly #read: (name: string) => Buffer<ArrayBuffer>
  readonly #known = new Map<string, WebFile>()

  private constructor(list: () => readonly string[], read: (name: string) => Buffer<ArrayBuffer>) {
    this.#list = list
    this.#names = new Set(list())
    this.#read = read
  }

  static open(): WebFiles {
    if (isSea()) {
      const names = z.array(z.string()).parse(JSON.parse(getAsset(assetList, 'utf8')))
      return new WebFiles(() => names, (name) => Buffer.from(getAsset(`web/${name}`)))
    }
    // From src/server/http in a clone, from dist/cli in the package.
    const folders = [new URL('../../../dist/web', import.meta.url), new URL('../web', import.meta.url)].map((url) => fileURLToPath(url))
    const folder = (): string | undefined => folders.find((path) => existsSync(join(path, 'index.html')))
    return new WebFiles(() => filesBelow(folder()), (name) => readFileSync(join(folder() ?? '', name)))
  }

  /** False in a clone whose dashboard was not built yet. */
  get areThere(): boolean {
    return this.#names.has('index.html')
  }

  /** `path` without the leading slash. Every path that is no file is the dashboard's own: it draws the page. */
  answer(path: string, base: string, headers: Headers): Response {
    // Built or installed anew since: what was read before belongs to pages that are gone.
    if (!this.areThere || (path.startsWith('assets/') && !this.#names.has(path))) this.#listAgain()
    if (!this.areThere) return new Response('The dashboard is not built yet: run "npm run build".', { status: 503, headers: { 'content-type': 'text/plain; charset=utf-8' } })
    const isFile = this.#names.has(path) && path !== 'index.html'
    if (!isFile && /^assets\/|^widget\//.test(path)) return problem(404, { code: 'usage', message: 'There is no such file' })
    const { bytes, zipped, type } = isFile ? this.#file(path) : this.#page(base)
    const useZipped = zipped !== undefined && /\bgzip\b/.test(headers.get('accept-encoding') ?? '')
    return new Response(useZipped ? zipped : bytes, {
      headers: {
        'content-type': type, 'vary': 'accept-encoding',
        // Their names change with their content.
        'cache-control': isFile && path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        ...(useZipped ? { 'content-encoding': 'gzip' } : {}),
      },
    })
  }

  /** One file's bytes, where it is there. */
  bytes(path: string): Buffer<ArrayBuffer> | undefined {
    return this.#names.has(path) ? this.#file(path).bytes : undefined
  }

  #listAgain(): void {
    this.#names = new Set(this.#list())
    this.#known.clear()
  }

  #file(path: string): WebFile {
    const known = this.#known.get(path)
    if (known !== undefined) return known
    const type = types[extname(path)] ?? 'application/octet-stream'
    const bytes = this.#read(path)
    const file: WebFile = { bytes, type, ...(/^text|json|svg/.test(type) && bytes.length > 1000 ? { zipped: gzipSync(bytes) } : {}) }
    this.#known.set(path, file)
    return file
  }

  #page(base: string): WebFile {
    const key = `\0${base}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const text = this.#read('index.html').toString('utf8').replace(/<base[^>]*>/, '').replace('<head>', `<head><base href="${base}">`)
    const file: WebFile = { bytes: Buffer.from(text), type: types['.html'] ?? '' }
    this.#known.set(key, file)
    return file
  }
}

function filesBelow(folder: string | undefined): readonly string[] {
  if (folder === undefined) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
}
