/** Where a room stands and which npm packages it may import; node: is free to all but the pure rooms. */
export type Room = { readonly floor: number; readonly packages: readonly string[]; readonly pure?: true }

/**
 * The floors of src/: a file may import from its own room and from rooms on lower floors; rooms on one floor never meet.
 * A pure room touches nothing outside the language: no node: module either.
 */
export const floorTable: Readonly<Record<string, Room>> = {
  kit: { floor: 0, packages: [] },
  model: { floor: 1, packages: ['zod'], pure: true },
  disk: { floor: 2, packages: [] },
  engine: { floor: 3, packages: [] },
  archive: { floor: 3, packages: ['yauzl', 'zod'] },
  storage: { floor: 3, packages: ['zod'] },
  sources: { floor: 3, packages: ['yaml', 'zod'] },
  policy: { floor: 3, packages: ['croner', 'zod'], pure: true },
  catalog: { floor: 3, packages: ['kysely', 'zod'] },
  report: { floor: 3, packages: ['mqtt', 'nodemailer', 'prom-client', 'zod'] },
  config: { floor: 4, packages: ['yaml', 'zod'] },
  runs: { floor: 5, packages: ['zod'] },
  server: { floor: 6, packages: ['@hono/node-server', 'hono', 'kysely', 'otpauth', 'yazl', 'zod'] },
  cli: { floor: 7, packages: ['@clack/prompts', 'commander', 'zod'] },
}
