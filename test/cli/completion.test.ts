import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { completionScript } from '../../src/cli/commands/completion.ts'
import { program } from '../../src/cli/program.ts'

function bashCompletes(words: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'completion-'))
  try {
    const script = join(folder, 'completion.bash')
    writeFileSync(script, completionScript('bash', program()))
    const line = `source ${script}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['--norc', '-c', line], { encoding: 'utf8', cwd: folder }).trim().split('\n')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('bash completes commands, options and the choices of an option', () => {
  assert.deepEqual(bashCompletes(['holdfast', 'ba']), ['backup'])
  assert.ok(bashCompletes(['holdfast', 'backup', '--']).includes('--format'))
  assert.deepEqual(bashCompletes(['holdfast', 'backup', '--format', 'tar.']), ['tar.gz', 'tar.zst'])
  assert.deepEqual(bashCompletes(['holdfast', '--no-ask', 'completion', 'f']), ['fish'])
  assert.deepEqual(bashCompletes(['holdfast', '--config', 'my.yaml', 'ba']), ['backup'])
  assert.deepEqual(bashCompletes(['holdfast', '--conf']), ['--config'])
})

test('fish completes commands, options and the choices of an option', () => {
  const folder = mkdtempSync(join(tmpdir(), 'completion-'))
  try {
    const fish = join(folder, 'holdfast.fish')
    writeFileSync(fish, completionScript('fish', program()))
    const words = execFileSync('fish', ['--no-config', '-c', `source ${fish}; complete -C 'holdfast ba'; complete -C 'holdfast backup --form'; complete -C 'holdfast backup --format tar'; complete -C 'holdfast --config my.yaml ba'; complete -C 'holdfast --conf'`], { encoding: 'utf8', env: { ...process.env, HOME: folder } })
    assert.deepEqual(words.trim().split('\n').map((line) => line.split('\t')[0]), ['backup', '--format', 'tar.gz', 'tar.zst', 'backup', '--config'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('an interactive zsh completes commands, options, their choices, and files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'completion-'))
  const completed = new Map([
    ['holdfast ba', 'holdfast backup '],
    ['holdfast backup --form', 'holdfast backup --format '],
    ['holdfast backup --format tar.z', 'holdfast backup --format tar.zst '],
    ['holdfast --config my.yaml --no-ask ba', 'holdfast --config my.yaml --no-ask backup '],
    ['holdfast --conf', 'holdfast --config '],
    ['holdfast completion fi', 'holdfast completion fish '],
    ['holdfast account a', 'holdfast account add '],
    ['holdfast restore saved', 'holdfast restore saved.zip '],
  ])
  try {
    writeFileSync(join(folder, '_holdfast'), completionScript('zsh', program()))
    writeFileSync(join(folder, 'saved.zip'), '')
    const lines = execFileSync('zsh', ['-f', join(import.meta.dirname, 'ask-zsh.zsh'), folder, ...completed.keys()], { encoding: 'utf8', cwd: folder, timeout: 60_000, env: { PATH: process.env['PATH'], HOME: folder } })
    assert.deepEqual(lines.split('\n').slice(0, -1), [...completed.values()])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('every command and option stands in the scripts of all shells', () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const script = completionScript(shell, program())
    for (const command of program().commands) {
      assert.ok(script.includes(command.name()), `${shell}: ${command.name()}`)
      for (const { long, hidden } of command.options) {
        if (long !== undefined && long !== null && !hidden) assert.ok(script.includes(shell === 'fish' ? `-l ${long.slice(2)} ` : long), `${shell}: ${command.name()} ${long}`)
      }
    }
  }
})
