import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Candidate } from '../../../src/archive/foreign/find-candidates.ts'
import { candidateAt } from '../../../src/archive/foreign/find-candidates.ts'
import { ForeignVault } from '../../../src/archive/foreign/foreign-vault.ts'
import type { ForeignPoint } from '../../../src/archive/foreign/foreign-point.ts'
import { recognise } from '../../../src/archive/foreign/recognise.ts'
import { Secret } from '../../../src/kit/secret.ts'
import { openForeignDump } from '../../../src/sources/databases/foreign-dump.ts'
import { dockerVolumeTar, gpgEncrypt, homeAssistantTar, iotstackTar, jeedomTar, noise, osmZip, putFiles } from '../../fixtures/foreign-archives.ts'
import { recordingRun } from '../../fixtures/recording-run.ts'

export const samplePassword = 'corrètto "horse" \\ 🐴'
/** 7z takes no others for a zip. */
const asciiPassword = 'correct "horse" \\ $x'

const dump = (table: string): string => `-- MySQL dump 10.13\n-- Host: localhost    Database: live\nDROP TABLE IF EXISTS \`${table}\`;\nCREATE TABLE \`${table}\` (id int);\nINSERT INTO \`${table}\` VALUES ${Array.from({ length: 400 }, (_, at) => `(${at})`).join(',')};\n-- Dump completed on 2024-05-03\n`

const osm = { 'core.php': '<?php', 'index.php': '<?php', 'VERSION': '2.4', 'modules/a/edit.php': 'edit', 'files/foto.jpg': noise(30_000), 'files/perché 🧾.pdf': 'pdf', 'database.sql': dump('zz_settings') }
const jeedom = { 'core/class/a.php': 'a', 'index.php': 'i', 'plugins/x/core/x.php': 'x', 'data/plan.png': noise(30_000), 'DB_backup.sql': dump('eqLogic') }
const stack = { 'docker-compose.yml': 'services: {}\n', 'services/mosquitto/mosquitto.env': 'A=1', 'volumes/nodered/flows.json': '[]', 'volumes/portainer/db': noise(30_000) }
const volumes = { 'data/a.txt': 'a', 'data/deep/b.bin': noise(30_000), 'more/c': 'c' }
const home = { 'homeassistant/data/configuration.yaml': 'a: 1', 'homeassistant/data/db.sqlite': noise(30_000), 'core_mosquitto/data/options.json': '{}', 'ssl/fullchain.pem': 'pem' }

/** A kind of archives with how one is made; `files` is what a restore must give. */
export type Sample = { readonly name: string; readonly kind: string; readonly container: string; readonly file: string; readonly files: Readonly<Record<string, string | Uint8Array>>; readonly password?: string; make(root: string, file: string): void }

export const samples: readonly Sample[] = [
  { name: 'an OpenSTAManager zip', kind: 'openstamanager', container: 'zip', file: 'OSM backup 2024-05-03 02_30_03 FULL.zip', files: osm, make: (root, file) => osmZip(root, file) },
  { name: 'an OpenSTAManager zip with a password', kind: 'openstamanager', container: 'zip', file: 'OSM backup 2024-05-03 02_30_03 PARTIAL.zip', files: osm, password: asciiPassword, make: (root, file) => osmZip(root, file, { password: asciiPassword }) },
  { name: 'a Jeedom archive', kind: 'jeedom', container: 'tar.gz', file: 'backup-Maison-4.4.19-2024-05-03-02h30.tar.gz', files: jeedom, make: (root, file) => jeedomTar(root, file) },
  { name: 'a Jeedom archive with bare members', kind: 'jeedom', container: 'tar.gz', file: 'backup-Maison-3.1.7-2024-05-03-02h30.tar.gz', files: jeedom, make: (root, file) => jeedomTar(root, file, { bare: true }) },
  { name: 'a Jeedom archive that is not compressed', kind: 'jeedom', container: 'tar', file: 'backup-Maison-4.4.19-2024-05-03-02h30.tar.gz', files: jeedom, make: (root, file) => jeedomTar(root, file, { compressed: false }) },
  {
    name: 'a Jeedom archive of the market', kind: 'jeedom', container: 'gpg', file: 'backup-Maison-4.4.19-2024-05-03-02h30.tar.gz.gpg', files: jeedom, password: samplePassword,
    make(root, file) {
      const plain = file.replace(/\.gpg$/, '')
      jeedomTar(root, plain)
      gpgEncrypt(plain, samplePassword)
      rmSync(plain)
    },
  },
  { name: 'an IOTstack archive', kind: 'iotstack', container: 'tar.gz', file: 'backup_2024-05-03_0230.tar.gz', files: stack, make: iotstackTar },
  { name: 'a docker-volume-backup archive in Zstandard', kind: 'docker-volume-backup', container: 'tar.zst', file: 'backup-2024-05-03T02-30-00.tar.zst', files: volumes, make: (root, file) => dockerVolumeTar(root, file, '--zstd') },
  { name: 'a docker-volume-backup archive', kind: 'docker-volume-backup', container: 'tar.gz', file: 'backup-2024-05-03T02-30-00.tar.gz', files: volumes, make: dockerVolumeTar },
  { name: 'a Home Assistant backup', kind: 'home-assistant', container: 'tar', file: 'ab12cd34.tar', files: home, make: (root, file) => homeAssistantTar(root, file) },
]

/** Makes a sample's archive in a folder, under its usual name. */
export function makeSample(sample: Sample, folder: string): string {
  const root = join(folder, 'tree')
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  putFiles(root, sample.files)
  const made = join(folder, sample.file)
  rmSync(made, { force: true })
  sample.make(root, made)
  return made
}

/** What an archive is recognised as; its survey is closed. */
export async function recogniseFile(path: string | Candidate, password?: string, more: { readonly dump?: string; readonly tempFolder?: string } = {}): Promise<ForeignPoint | 'ours' | undefined> {
  const found = await recognise(typeof path === 'string' ? candidateAt(path) : path, { openDump: openForeignDump, ...(password === undefined ? {} : { password: new Secret(password) }), ...more }, recordingRun())
  if (found === undefined || found === 'ours') return found
  found.survey[Symbol.dispose]()
  return found.point
}

/** All contents of a point as its vault gives them. */
export async function contentsOf(point: ForeignPoint, password?: string): Promise<Map<string, Buffer>> {
  const run = recordingRun()
  const contents = new Map<string, Buffer>()
  for await (const entry of new ForeignVault(point, password === undefined ? {} : { password: new Secret(password) }).open(point.id, () => true, run, 'content')) {
    if (entry.kind !== 'file') continue
    const parts: Uint8Array[] = []
    if (entry.open !== undefined) for await (const bytes of entry.open(run.signal)) parts.push(Uint8Array.from(bytes))
    contents.set(entry.path, Buffer.concat(parts))
  }
  return contents
}
