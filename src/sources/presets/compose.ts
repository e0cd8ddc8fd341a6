import type { Preset } from './preset.ts'

/** The names that `docker compose` and `podman-compose` look for, with what may be merged into them. */
export const composeFiles = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'] as const

/** A folder with a compose file: the containers of its services are dumped and quiesced. Everything in it is saved. */
export const compose: Preset = {
  name: 'compose',
  detect: (folder) => composeFiles.some((name) => folder.has(name)),
  exclude: () => [],
  parts: {},
  dumpName: 'database.sql',
  containers: true,
}
