import { Access } from '../../../src/server/access/access.ts'

/** Makes tokens until it is killed, and tells each one's id as soon as it is made. */
await using access = await Access.open(process.argv[2] ?? '', { now: Date.now })
for (;;) {
  const { id } = await access.tokens.create({ name: 'x', kind: 'api', role: 'viewer' })
  process.stdout.write(`${id}\n`)
}
