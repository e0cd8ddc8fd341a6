// `npm run release`: release/ gets one executable file for x64 and arm64 each, checked as far as this machine can, and their hashes.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import { buildExecutable } from './build-executable.ts'
import { bundle } from './bundle.ts'
import { projectFolder } from './project-folder.ts'

const startLimitMs = 200
const architectures = ['x64', 'arm64'] as const
const releaseFolder = join(projectFolder, 'release')
const tempFolder = mkdtempSync(join(tmpdir(), 'holdfast-release-'))

try {
  rmSync(releaseFolder, { recursive: true, force: true })
  mkdirSync(releaseFolder)
  const made = await bundle(tempFolder)
  writeFileSync(join(releaseFolder, 'LICENSES-of-parts.txt'), made.licences)
  for (const architecture of architectures) {
    const native = architecture === process.arch
    const output = join(releaseFolder, `holdfast-${packageJson.version}-linux-${architecture}`)
    await buildExecutable(made, { node: runtimeFor(architecture), output, tempFolder, strip: stripFor(architecture), codeCache: native })
    console.log(`${output}  ${(statSync(output).size / 1e6).toFixed(0)} MB`)
    tryOut(architecture, output)
  }
  const files = readdirSync(releaseFolder).filter((name) => name.startsWith('holdfast-'))
  const hash = (name: string): string => createHash('sha256').update(readFileSync(join(releaseFolder, name))).digest('hex')
  writeFileSync(join(releaseFolder, 'SHA256SUMS'), files.map((name) => `${hash(name)}  ${name}\n`).join(''))
} finally {
  rmSync(tempFolder, { recursive: true, force: true })
}

/** The Node binary of npm's package for the processor, in the version that the lockfile names and that runs this. */
function runtimeFor(architecture: 'x64' | 'arm64'): string {
  const name = `node-linux-${architecture}` as const
  const version = packageJson.optionalDependencies[name]
  if (version !== process.versions.node) throw new Error(`this runs on Node ${process.versions.node}, but the executable is made of ${version}; start it with that one`)
  const installed = join(projectFolder, 'node_modules', name, 'bin/node')
  if (existsSync(installed)) return installed
  const packed = spawnSync('npm', ['pack', `${name}@${version}`, '--pack-destination', tempFolder, '--silent'], { cwd: tempFolder, encoding: 'utf8' })
  if (packed.status !== 0) throw new Error(`npm pack ${name} failed: ${packed.stderr}`)
  const unpacked = spawnSync('tar', ['-xzf', packed.stdout.trim(), '--transform', `s:^package:${name}:`, 'package/bin/node'], { cwd: tempFolder, encoding: 'utf8' })
  if (unpacked.status !== 0) throw new Error(`tar failed: ${unpacked.stderr}`)
  return join(tempFolder, name, 'bin/node')
}

function stripFor(architecture: 'x64' | 'arm64'): string | undefined {
  const names = architecture === process.arch ? ['strip'] : [architecture === 'arm64' ? 'aarch64-linux-gnu-strip' : 'x86_64-linux-gnu-strip']
  const found = names.find((name) => spawnSync(name, ['--version']).status === 0)
  if (found === undefined) console.log(`  not stripped: ${names.join(' and ')} is missing (Debian packages binutils, binutils-aarch64-linux-gnu)`)
  return found
}

/** Runs the executable where this machine can: by itself, or under qemu-user with the other processor's C library. */
function tryOut(architecture: 'x64' | 'arm64', output: string): void {
  const native = architecture === process.arch
  const library = '/usr/aarch64-linux-gnu'
  const emulator = native ? [] : ['qemu-aarch64-static', '-L', library]
  if (!native && (architecture !== 'arm64' || spawnSync('qemu-aarch64-static', ['--version']).status !== 0 || !existsSync(`${library}/lib/libatomic.so.1`))) {
    console.log('  not tried out: for that install qemu-user-static, libc6-arm64-cross, libstdc++6-arm64-cross and libatomic1-arm64-cross')
    return
  }
  const times: number[] = []
  for (let round = 0; round < (native ? 10 : 1); round++) {
    const startMs = performance.now()
    const text = say(emulator, output, '--version')
    times.push(performance.now() - startMs)
    if (text.trim() !== packageJson.version) throw new Error(`${output} --version said: ${text}`)
  }
  const medianMs = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Infinity
  console.log(`  --version: ${medianMs.toFixed(0)} ms${native ? ', median of 10' : ' under qemu-user'}`)
  roundTrip(emulator, output)
  console.log('  backup, verify and restore: the same')
  if (native && medianMs > startLimitMs) throw new Error(`it starts in ${medianMs.toFixed(0)} ms; the limit is ${startLimitMs} ms`)
}

function roundTrip(emulator: readonly string[], output: string): void {
  const folder = mkdtempSync(join(tempFolder, 'round-trip-'))
  mkdirSync(join(folder, 'app'))
  const content = 'a line that compresses\n'.repeat(200_000)
  writeFileSync(join(folder, 'app/file.txt'), content)
  for (const format of ['zip', 'tar.gz', 'tar.zst']) {
    const place = join(folder, format)
    const target = join(folder, `${format}-restored`)
    const env = { HOLDFAST_STATE: join(folder, 'state') }
    say(emulator, output, ['backup', join(folder, 'app'), '--to', place, '--format', format, '--no-ask'], env)
    say(emulator, output, ['verify', 'latest', '--from', place], env)
    say(emulator, output, ['restore', 'latest', '--from', place, '--target', target, '--no-ask'], env)
    if (readFileSync(join(target, 'file.txt'), 'utf8') !== content) throw new Error(`${output}: ${format} came back different`)
  }
}

function say(emulator: readonly string[], output: string, args: string | readonly string[], env: Record<string, string> = {}): string {
  const [command = output, ...rest] = [...emulator, output, ...[args].flat()]
  const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', ...env } })
  if (status !== 0) throw new Error(`${output} ${[args].flat().join(' ')} ended with ${status}: ${stdout}${stderr}`)
  return stdout
}
