import { dirname } from 'node:path'

/** The clone's folder. */
export const projectFolder: string = dirname(import.meta.dirname)
