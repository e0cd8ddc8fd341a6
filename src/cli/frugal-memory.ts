import { setFlagsFromString } from 'node:v8'

/**
 * Lets V8 collect garbage sooner: a quarter less memory when restoring many files, at no cost in time that could be
 * measured. Only in the Node that it was tried with, as V8's flags come and go.
 */
export function beFrugalWithMemory(): void {
  if (process.versions.node.startsWith('26.')) setFlagsFromString('--heap-growing-percent=30')
}
