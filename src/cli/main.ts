import { endianness } from 'node:os'
import { beFrugalWithMemory } from './frugal-memory.ts'

beFrugalWithMemory()

// A 32-bit Node cannot hold archives' sizes and offsets; the launcher refuses it too, but may have been passed by.
if (['ia32', 'arm', 'mips', 'ppc', 's390'].includes(process.arch) || endianness() !== 'LE') {
  process.stderr.write(`error: Holdfast needs a 64-bit little-endian system, and this is ${process.arch}. [platform.unsupported]\n`)
  process.exit(1)
}

if (process.argv[2] === 'guard' && process.argv[3] !== undefined) {
  // Hidden: what a run starts beside itself. It waits long, so that nothing else is loaded.
  const { guard } = await import('../runs/guard/guard.ts')
  process.exit(await guard(process.argv[3]))
} else {
  // A reader that has seen enough (`holdfast list | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const { program } = await import('./program.ts')
  await program().parseAsync(process.argv)
}
