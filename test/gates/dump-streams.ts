import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Gate } from '../../scripts/gate.ts'
import { Sandbox } from '../faults/sandbox.ts'
import type { Ended } from '../faults/sandbox.ts'
import { SmallDisk } from '../faults/small-disk.ts'
import { Tally } from '../faults/tally.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'

const formats = ['zip', 'tar.gz', 'tar.zst', 'folder'] as const
const peakBytes = 250_000_000
/** All that temporary files and the state may take, and what the place may take beyond the archive. */
const roomBytes = 16 << 20
const rowsAtOnce = 4000
const hashesInRow = 48
/** A hash of 64 bytes in base64, which the server breaks into lines. */
const rowBytes = hashesInRow * 89
const shownSchema = z.object({ manifest: z.object({ complete: z.boolean(), databases: z.array(z.object({ sizeBytes: z.number() })) }) })

type Scene = { readonly sandbox: Sandbox; readonly config: string; readonly state: SmallDisk; readonly place: SmallDisk; readonly wantedBytes: number; readonly peaks: Map<string, number> }

/**
 * A dump goes from the vendor's client straight into the archive: with 16 MB for temporary files and the state it ends well,
 * the place never holds more than the archive, and memory stays the same however large the dump is.
 */
export const gate: Gate = {
  name: 'dump-streams',
  async run({ full, seed }) {
    const tally = new Tally()
    const peaks = new Map<string, number>()
    const wantedBytes = full ? 400_000_000 : 40_000_000
    let dumpBytes = 0
    {
      await using server = await startMariadb()
      await fill(server, wantedBytes, seed)
      await using sandbox = new Sandbox()
      using state = new SmallDisk(join(sandbox.folder, 'small'))
      state.leave({ bytes: roomBytes })
      for (const name of ['state', 'tmp']) mkdirSync(join(state.folder, name))
      using place = new SmallDisk(join(sandbox.folder, 'place'))
      // Room for a second copy, so that one would be seen rather than refused.
      place.leave({ bytes: wantedBytes * 3 })
      const scene = { sandbox, config: configure(sandbox, server, place), state, place, wantedBytes, peaks }
      for (const [index, format] of formats.entries()) {
        if (full || index === seed % formats.length) await tally.point(format, async () => { dumpBytes = await backUp(scene, format) })
      }
    }
    const { figures, ok } = tally.result()
    return { ok, figures: { 'bytes of the dump': dumpBytes, ...Object.fromEntries(peaks), ...figures } }
  },
}

/** Rows of hashes: text as others have it, of which no compressor makes less than three quarters. */
async function fill(server: MariadbServer, bytes: number, seed: number): Promise<void> {
  await server.sql('CREATE DATABASE shop; CREATE TABLE shop.bulk (id int PRIMARY KEY, body longtext) ENGINE=InnoDB')
  const hashes = Array.from({ length: hashesInRow }, (_, index) => `to_base64(unhex(sha2(concat(seq, '-${index}-${seed}'), 512)))`).join(', ')
  const rows = Math.ceil(bytes / rowBytes)
  for (let from = 1; from <= rows; from += rowsAtOnce) {
    await server.sql(`INSERT INTO bulk SELECT seq, concat(${hashes}) FROM seq_${from}_to_${Math.min(rows, from + rowsAtOnce - 1)}`, 'shop')
  }
}

function configure(sandbox: Sandbox, server: MariadbServer, place: SmallDisk): string {
  const root = join(sandbox.folder, 'shop')
  mkdirSync(root)
  writeFileSync(join(root, 'index.php'), '<?php\n')
  const config = join(sandbox.folder, 'holdfast.yaml')
  writeFileSync(config, `apps:\n  shop:\n    root: ${root}\n    databases: [{type: mariadb, name: shop, socket: ${server.socket}, user: root}]\nplace: ${place.folder}\n`, { mode: 0o600 })
  return config
}

/** Gives the size of the dump. */
async function backUp(scene: Scene, format: string): Promise<number> {
  const { place, state, wantedBytes, peaks } = scene
  for (const name of readdirSync(place.folder)) rmSync(join(place.folder, name), { recursive: true })
  let mostUsed = 0
  // Files without a name count too.
  const watching = setInterval(() => { mostUsed = Math.max(mostUsed, usedBytes(place.folder)) }, 10)
  const backup = await holdfast(scene, ['backup', 'shop', '--format', format]).finally(() => clearInterval(watching))
  peaks.set(`peak of the backup, ${format} (MB)`, Math.round(backup.peakBytes / 1e6))
  const archiveBytes = usedBytes(place.folder)
  if (mostUsed > archiveBytes + roomBytes) throw new Error(`the place held ${mostUsed} bytes for an archive of ${archiveBytes}`)
  const verify = await holdfast(scene, ['verify', 'latest'])
  peaks.set(`peak of verify, ${format} (MB)`, Math.round(verify.peakBytes / 1e6))
  const { complete, databases: [dump] } = shownSchema.parse(JSON.parse((await holdfast(scene, ['show', 'latest', '--json'])).stdout)).manifest
  if (!complete || dump === undefined || dump.sizeBytes < wantedBytes) throw new Error(`the point holds ${dump?.sizeBytes ?? 0} bytes of a dump of at least ${wantedBytes}`)
  // What compresses well would fit anywhere, and show nothing.
  if (archiveBytes < wantedBytes / 2 || archiveBytes < roomBytes) throw new Error(`the dump shrank to ${archiveBytes} bytes, which is no trial`)
  const left = readdirSync(join(state.folder, 'tmp'))
  if (left.length > 0) throw new Error(`temporaries were left: ${left.join(', ')}`)
  return dump.sizeBytes
}

async function holdfast({ sandbox, config, state }: Scene, args: readonly string[]): Promise<Ended> {
  const ended = await sandbox.holdfast(['--config', config, ...args, '--no-ask'], { seconds: 600, peakBytes }, { TMPDIR: join(state.folder, 'tmp'), HOLDFAST_STATE: join(state.folder, 'state') })
  if (ended.status !== 0) throw new Error(`${args.join(' ')} ended with ${ended.status ?? `a stop for its ${ended.stopped}`}: ${ended.stderr}`)
  if (ended.peakBytes > peakBytes) throw new Error(`${args.join(' ')} took ${ended.peakBytes} bytes of memory`)
  return ended
}

function usedBytes(folder: string): number {
  const { blocks, bfree, bsize } = statfsSync(folder)
  return (blocks - bfree) * bsize
}
