import { endianness } from 'node:os'
import { program } from './program.ts'

// A 32-bit Node cannot hold archives' sizes and offsets; the launcher refuses it too, but may have been passed by.
if (['ia32', 'arm', 'mips', 'ppc', 's390'].includes(process.arch) || endianness() !== 'LE') {
  process.stderr.write(`error: Holdfast needs a 64-bit little-endian system, and this is ${process.arch}. [platform.unsupported]\n`)
  process.exit(1)
}

// A reader that has seen enough (`holdfast list | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

await program().parseAsync(process.argv)
