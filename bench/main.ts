// `npm run bench -- NAME`: Holdfast and the usual programs in turn on the same data; see docs/performance.md.
import { parseArgs } from 'node:util'
import { benchArchive } from './archive.ts'

const benches = { archive: benchArchive } as const

const { positionals, values } = parseArgs({ allowPositionals: true, options: { runs: { type: 'string', default: '3' }, scale: { type: 'string', default: '1' }, only: { type: 'string' } } })
const name = positionals[0] ?? 'archive'
if (!(name in benches)) {
  console.error(`There is no benchmark "${name}"; there are: ${Object.keys(benches).join(', ')}`)
  process.exit(1)
}
await benches[name as keyof typeof benches]({ runs: Number(values.runs), scale: Number(values.scale), ...(values.only === undefined ? {} : { only: values.only }) })
