import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { snapshotSchema } from '../../src/model/restore-point.ts'
import { seededRandom } from '../fixtures/seeded-random.ts'
import { changes, describe, Sandbox } from './sandbox.ts'

export const damageFormats = ['zip', 'encrypted zip', 'tar.gz', 'tar.zst', 'folder'] as const
export type DamageFormat = (typeof damageFormats)[number]

/** What lies beside the archive: what was written there, nothing, that of another archive, or one that was made to match the damage. */
const besides = ['own', 'none', 'stale', 'forged'] as const
type Beside = (typeof besides)[number]

export type Damage = { readonly kind: 'cut' | 'flip'; readonly file: string; readonly at: number; readonly bit: number; readonly beside: Beside }

type Pristine = { readonly place: string; readonly id: string; readonly key: string; readonly stale: string | undefined }

const limits = { seconds: 60, peakBytes: 400e6 }
const env = { HOLDFAST_PASSWORD: 'geheim' }

/** One application, saved once in each format; and trials that damage a copy and use it. */
export class DamageBench implements AsyncDisposable {
  readonly #sandbox = new Sandbox()
  readonly #pristine = new Map<DamageFormat, Pristine>()
  #trials = 0

  get #app(): string {
    return join(this.#sandbox.folder, 'apps/app')
  }

  async prepare(formats: readonly DamageFormat[], seed: number): Promise<void> {
    makeApp(this.#app, seededRandom(seed))
    for (const format of formats) {
      const place = join(this.#sandbox.folder, 'pristine', format)
      mkdirSync(place, { recursive: true })
      const [point] = await this.#backup(place, format)
      if (point === undefined) throw new Error(`nothing was saved as ${format}`)
      const elsewhere = join(this.#sandbox.folder, 'stale', format)
      mkdirSync(elsewhere, { recursive: true })
      const [other] = await this.#backup(elsewhere, format)
      const sidecar = other === undefined ? undefined : join(elsewhere, `${other.key}.json`)
      this.#pristine.set(format, { place, id: point.id, key: point.key, stale: sidecar })
    }
  }

  /** So many damages of one kind; places that matter and places that the seed chooses, in an order that the seed chooses. */
  damages(format: DamageFormat, kind: Damage['kind'], count: number, seed: number): Damage[] {
    const random = seededRandom(seed)
    const { place, key } = this.#of(format)
    const files = format === 'folder' ? filesBelow(join(place, key), key) : [key]
    const known = files.flatMap((file) => edges(readFileSync(join(place, file))).map((at) => ({ file, at })))
    const chosen = shuffled(known, random).slice(0, Math.ceil(count / 2))
    while (chosen.length < count) {
      const file = files[Math.floor(random() * files.length)] ?? key
      const size = lstatSync(join(place, file)).size
      if (size > 0) chosen.push({ file, at: Math.floor(random() * size) })
    }
    return chosen.map(({ file, at }, index) => ({ kind, file, at, bit: Math.floor(random() * 8), beside: besides[(index + Math.floor(random() * 2)) % besides.length] ?? 'own' }))
  }

  /** Damages a copy, verifies it, and restores it over a live application; gives what is not as it should be. */
  async try(format: DamageFormat, damage: Damage): Promise<{ readonly problems: readonly string[]; readonly refused: boolean }> {
    const { key } = this.#of(format)
    this.#trials += 1
    const place = join(this.#sandbox.folder, `trial-${this.#trials}`)
    const live = join(this.#sandbox.folder, 'apps', `live-${this.#trials}`)
    copyTree(this.#of(format).place, place)
    mkdirSync(join(live, 'old'), { recursive: true })
    writeFileSync(join(live, 'old/file'), 'live')
    try {
      apply(join(place, damage.file), damage)
      setBeside(damage.beside, join(place, key), this.#of(format).stale)
      const before = relative(live)
      const verified = await this.#sandbox.holdfast(['verify', 'latest', '--from', place], limits, env)
      const restored = await this.#sandbox.holdfast(['restore', 'latest', '--from', place, '--target', live, '--no-ask'], limits, env)
      const problems: string[] = []
      if (verified.stopped !== undefined || restored.stopped !== undefined) problems.push('it hung')
      if (/\[internal\]/.test(verified.stderr + restored.stderr)) problems.push(`an internal error: ${(verified.stderr + restored.stderr).slice(-800)}`)
      if (verified.status === 0 && (damage.kind === 'cut' || restored.status !== 0)) problems.push(`verify found nothing; restore ended with ${restored.status}`)
      if (restored.status === 0) {
        if (damage.kind === 'cut') problems.push('it was restored')
        problems.push(...changes(relative(this.#app), relative(live)).map((change) => `restored, but wrong: ${change}`))
      } else {
        problems.push(...changes(before, relative(live)).map((change) => `refused, but live has changed: ${change}`))
        if (readdirSync(join(this.#sandbox.folder, 'apps')).includes(workFolderOf(live))) problems.push('a work folder was left behind')
      }
      return { problems, refused: verified.status !== 0 && restored.status !== 0 }
    } finally {
      for (const path of [place, live, join(live, '..', workFolderOf(live))]) rmSync(path, { recursive: true, force: true })
    }
  }

  /** What happens when the newer of two points is cut off: `latest` must not mean the older one in silence. */
  async tryBesideOlder(format: DamageFormat): Promise<readonly string[]> {
    this.#trials += 1
    const place = join(this.#sandbox.folder, `trial-${this.#trials}`)
    const live = join(this.#sandbox.folder, 'apps', `live-${this.#trials}`)
    copyTree(this.#of(format).place, place)
    mkdirSync(live)
    writeFileSync(join(live, 'file'), 'live')
    const [newer] = await this.#backup(place, format)
    if (newer === undefined) throw new Error('there is no newer point')
    const file = newer.format === 'folder' ? `${newer.key}/.holdfast-${newer.id}/manifest.json` : newer.key
    truncateSync(join(place, file), 100)
    setBeside('none', join(place, newer.key), undefined)
    const before = relative(live)
    const verified = await this.#sandbox.holdfast(['verify', 'latest', '--from', place], limits, env)
    const all = await this.#sandbox.holdfast(['verify', 'all', '--from', place], limits, env)
    const restored = await this.#sandbox.holdfast(['restore', 'latest', '--from', place, '--target', live, '--no-ask'], limits, env)
    const problems = changes(before, relative(live)).map((change) => `live has changed: ${change}`)
    if (verified.status === 0 || all.status === 0) problems.push('verify found nothing')
    if (restored.status === 0) problems.push('an older point was restored as the latest')
    const named = await this.#sandbox.holdfast(['restore', this.#of(format).id, '--from', place, '--target', live, '--no-ask'], limits, env)
    if (named.status !== 0) problems.push(`the older one could not be restored by its id: ${named.stderr}`)
    return problems
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sandbox[Symbol.asyncDispose]()
  }

  #of(format: DamageFormat): Pristine {
    const found = this.#pristine.get(format)
    if (found === undefined) throw new Error(`${format} was not prepared`)
    return found
  }

  async #backup(place: string, format: DamageFormat): Promise<z.infer<typeof backupSchema>['snapshots']> {
    const args = ['backup', this.#app, '--to', place, '--format', format === 'encrypted zip' ? 'zip' : format, '--json']
    const ended = await this.#sandbox.holdfast(args, limits, format === 'encrypted zip' ? env : {})
    if (ended.status !== 0) throw new Error(`backup failed: ${ended.stdout}${ended.stderr}`)
    return backupSchema.parse(JSON.parse(ended.stdout)).snapshots
  }
}

const backupSchema = z.object({ snapshots: z.array(snapshotSchema) })

function makeApp(root: string, random: () => number): void {
  mkdirSync(join(root, 'empty'), { recursive: true })
  mkdirSync(join(root, 'docs'))
  writeFileSync(join(root, 'photo.jpg'), Buffer.from(Array.from({ length: 30_000 }, () => Math.floor(random() * 256))))
  writeFileSync(join(root, 'docs/text.txt'), Array.from({ length: 2000 }, (_, line) => `line ${line} ${Math.floor(random() * 1e6)}`).join('\n'), { mode: 0o600 })
  writeFileSync(join(root, 'docs/small'), 'small')
  writeFileSync(join(root, 'nothing'), '')
  linkSync(join(root, 'photo.jpg'), join(root, 'docs/same.jpg'))
  symlinkSync('docs/text.txt', join(root, 'link'))
}

/** Where formats change from one thing to another: starts, ends, signatures, and blocks of the disk. */
function edges(bytes: Buffer): number[] {
  const size = bytes.length
  const found = new Set([0, 1, 3, 4, 9, 10, 18, size - 1, size - 2, size - 4, size - 8, size - 9, size - 22, size - 96])
  for (let at = 4096; at < size; at += 4096) for (const near of [at - 1, at]) found.add(near)
  for (const signature of ['504b0304', '504b0102', '504b0506', '28b52ffd']) {
    const mark = Buffer.from(signature, 'hex')
    for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) for (const near of [at, at + 4, at + 14, at + 30]) found.add(near)
  }
  return [...found].filter((at) => at >= 0 && at < size)
}

function apply(path: string, { kind, at, bit }: Damage): void {
  if (kind === 'cut') {
    truncateSync(path, at)
    return
  }
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
  writeFileSync(path, bytes)
}

/** With hardlinks, which node:fs would break. */
function copyTree(from: string, to: string): void {
  const { status, stderr } = spawnSync('cp', ['-a', from, to], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${from} could not be copied: ${stderr}`)
}

function setBeside(beside: Beside, archive: string, stale: string | undefined): void {
  if (beside === 'own') return
  const sidecar = snapshotSchema.parse(JSON.parse(readFileSync(`${archive}.json`, 'utf8')))
  for (const ending of ['.json', '.sha256']) rmSync(`${archive}${ending}`, { force: true })
  if (beside === 'none') return
  if (beside === 'stale' && stale !== undefined) {
    cpSync(stale, `${archive}.json`)
    return
  }
  const isFile = lstatSync(archive).isFile()
  const bytes = isFile ? readFileSync(archive) : Buffer.alloc(0)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  writeFileSync(`${archive}.json`, JSON.stringify(isFile ? { ...sidecar, sizeBytes: bytes.length, sha256 } : sidecar))
  if (isFile) writeFileSync(`${archive}.sha256`, `${sha256}  ${archive.slice(archive.lastIndexOf('/') + 1)}\n`)
}

/** Where a restore into `live` works, beside it. */
function workFolderOf(live: string): string {
  return `.${basename(live)}.holdfast`
}

function filesBelow(folder: string, prefix: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => item.isDirectory() ? filesBelow(join(folder, item.name), `${prefix}/${item.name}`) : item.isFile() && lstatSync(join(folder, item.name)).size > 0 ? [`${prefix}/${item.name}`] : [])
}

function relative(root: string): Map<string, string> {
  return new Map([...describe(root, () => true)].map(([path, line]) => [path.slice(root.length), line]))
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items.map((item) => ({ item, order: random() })).toSorted((a, b) => a.order - b.order).map(({ item }) => item)
}
