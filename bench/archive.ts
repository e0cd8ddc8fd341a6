import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { makeDumpLike, makeMixedTree } from './bench-data.ts'
import type { Measure } from './measure.ts'
import { measure, median } from './measure.ts'

type Options = { readonly runs: number; readonly scale: number; readonly only?: string }
/** One row: ours against theirs on the same data; `aim` is the largest ratio of wall times that we want. */
type Row = { readonly name: string; readonly ours: string; readonly theirs: string; readonly aim?: number; before?(): void }

const base = resolve(process.env['HOLDFAST_BENCH'] ?? new URL('../.tmp/bench/', import.meta.url).pathname)
// The built program, as it is installed, with what the launcher gives it.
const launcher = `MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=262144 ${process.execPath} --disable-warning=ExperimentalWarning --max-semi-space-size=4 ${new URL('../dist/cli/main.js', import.meta.url).pathname}`
const state = join(base, 'state')
const out = join(base, 'out')

/** Archives of Holdfast against tar with gzip and zstd, and zip: in turn, medians, fresh folders. */
export async function benchArchive({ runs, scale, only }: Options): Promise<void> {
  mkdirSync(base, { recursive: true })
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] })
  console.log(`Holdfast's archives beside tar and zip: ${runs} runs each in turn, medians; ${cpus().length} × ${cpus()[0]?.model ?? '?'}, Node ${process.versions.node}`)
  for (const [title, data, make] of [['mixed', join(base, `mixed-${scale}`), makeMixedTree], ['dump', join(base, `dump-${scale}`), makeDumpLike]] as const) {
    make(data, scale)
    console.log(`\n${title === 'mixed' ? `30,000 mixed files, 1 GB (× ${scale})` : `one dump-like file of 1 GB (× ${scale})`}\n`)
    console.log('| what | wall ours / theirs (s) | ratio | aim | CPU ratio | peak memory ours / theirs (MB) | size ratio |\n| --- | --- | --- | --- | --- | --- | --- |')
    for (const row of rowsFor(data)) if (only === undefined || `${title} ${row.name}`.includes(only)) await benchRow(row, runs)
  }
  rmSync(out, { recursive: true, force: true })
}

function rowsFor(data: string): readonly Row[] {
  const backup = (format: string, more = '--no-verify'): string => `${launcher} --state ${state} --no-ask backup ${data} --to ${out}/ours --format ${format} ${more}`
  const tar = `tar -C ${data} -cf -`
  const writes = ([
    ['tar.zst', `${tar} . | zstd -q -3 -T2 -o ${out}/theirs/a.tar.zst`, 1],
    ['tar.gz', `${tar} . | gzip > ${out}/theirs/a.tar.gz`, 1 / 1.6],
    ['zip', `cd ${data} && zip -q -r ${out}/theirs/a.zip .`, 1 / 1.6],
  ] as const).map(([format, theirs, aim]): Row => ({ name: `write ${format}`, ours: backup(format), theirs, aim }))
  const unpack = (format: string, theirs: string): Row => ({
    name: `unpack ${format}`,
    ours: `${launcher} --state ${state} --no-ask restore latest --from ${base}/packed-${format} --target ${out}/ours/target`,
    theirs: `mkdir -p ${out}/theirs/target && ${theirs}`,
    aim: 1,
  })
  const reads = ([
    ['tar.zst', 'tar --zstd -C TARGET -xf ARCHIVE', 'zstd -q -t ARCHIVE'],
    ['tar.gz', 'tar -C TARGET -xzf ARCHIVE', 'gzip -t ARCHIVE'],
    ['zip', 'unzip -q -d TARGET ARCHIVE', 'unzip -q -t ARCHIVE'],
  ] as const).flatMap(([format, unpackCommand, testCommand]): Row[] => {
    const packed = join(base, `packed-${format}`)
    const filled = (line: string): string => line.replace('TARGET', `${out}/theirs/target`).replace('ARCHIVE', `$(ls ${packed}/*.${format})`)
    const before = (): void => rmSync(packed, { recursive: true, force: true })
    return [
      { ...unpack(format, filled(unpackCommand)), before },
      { name: `verify ${format}`, ours: `${launcher} --state ${state} --no-ask verify latest --from ${packed}`, theirs: filled(testCommand) },
    ].map((row) => ({ ...row, packed: backup(format).replace(`${out}/ours`, packed) }))
  })
  return [...writes, ...reads]
}

async function benchRow(row: Row & { packed?: string }, runs: number): Promise<void> {
  row.before?.()
  if (row.packed !== undefined) await prepare(row.packed)
  const ours: (Measure & { sizeBytes: number })[] = []
  const theirs: (Measure & { sizeBytes: number })[] = []
  for (let run = 0; run < runs; run++) {
    for (const [side, line, results] of [['ours', row.ours, ours], ['theirs', row.theirs, theirs]] as const) {
      rmSync(out, { recursive: true, force: true })
      mkdirSync(join(out, side), { recursive: true })
      // What the run before has left to be written must not be paid by this one.
      await measure('sync', {})
      results.push({ ...await measure(line, {}), sizeBytes: archiveBytes(join(out, side)) })
    }
  }
  const of = (results: readonly Measure[], key: keyof Measure): number => median(results.map((result) => result[key]))
  const sizes = [median(ours.map(({ sizeBytes }) => sizeBytes)), median(theirs.map(({ sizeBytes }) => sizeBytes))]
  const ratio = (key: keyof Measure): string => (of(ours, key) / of(theirs, key)).toFixed(2)
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
  console.log(`| ${row.name} | ${of(ours, 'wallSeconds').toFixed(2)} / ${of(theirs, 'wallSeconds').toFixed(2)} | ${ratio('wallSeconds')} | ${row.aim === undefined ? '' : `≤ ${row.aim.toFixed(2)}`} | ${ratio('cpuSeconds')} | ${megabytes(of(ours, 'peakBytes'))} / ${megabytes(of(theirs, 'peakBytes'))} | ${(sizes[1] ?? 0) > 0 ? ((sizes[0] ?? 0) / (sizes[1] ?? 1)).toFixed(3) : ''} |`)
}

/** Makes the archive that is read; once, for several rows. */
async function prepare(line: string): Promise<void> {
  const folder = /--to (\S+)/.exec(line)?.[1] ?? ''
  mkdirSync(folder, { recursive: true })
  if (readdirSync(folder).length === 0) await measure(line, {})
}

function archiveBytes(folder: string): number {
  return readdirSync(folder).filter((name) => /\.(zip|tar\.gz|tar\.zst)$/.test(name)).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}
