import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { ApplicationFolder } from '../presets/application-folder.ts'
import { composeFiles } from '../presets/compose.ts'

/** A compose file's project, as compose itself names it where nobody says otherwise. */
export type ComposeProject = { readonly name: string; readonly file: string; readonly hasServices: boolean }

const fileSchema = z.object({ name: z.string().optional().catch(undefined), services: z.record(z.string(), z.unknown()).nullish().catch(undefined) })

/**
 * The projects of the compose files in a folder and in the folders directly in it. A name is that of COMPOSE_PROJECT_NAME in `.env`, else
 * `name:` of the file, else the folder's. Source: https://docs.docker.com/compose/how-tos/project-name/. A file that cannot be
 * read, or whose name is put together from variables, tells none.
 */
export function composeProjects(root: string): readonly ComposeProject[] {
  return [root, ...foldersIn(root)].flatMap((folder) => projectIn(folder) ?? [])
}

function projectIn(folder: string): ComposeProject | undefined {
  for (const file of composeFiles) {
    const text = textOf(folder, file)
    if (text === undefined) continue
    const content = contentOf(text)
    const name = /^[ \t]*(?:export[ \t]+)?COMPOSE_PROJECT_NAME[ \t]*=[ \t]*["']?([^"'\s#]+)/m.exec(textOf(folder, '.env') ?? '')?.[1] ?? content.name ?? basename(folder)
    if (name.includes('$')) return undefined
    return { name: normalised(name), file: join(folder, file), hasServices: Object.keys(content.services ?? {}).length > 0 }
  }
  return undefined
}

/** As compose makes a project's name of a folder's. */
function normalised(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '').replace(/^[_-]+/, '')
}

function contentOf(text: string): z.infer<typeof fileSchema> {
  try {
    return fileSchema.parse(parse(text, { logLevel: 'silent' }))
  } catch {
    return {}
  }
}

function textOf(folder: string, file: string): string | undefined {
  try {
    return new ApplicationFolder(folder).read(file)
  } catch {
    return undefined
  }
}

function foldersIn(root: string): readonly string[] {
  try {
    return readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => join(root, name))
  } catch {
    return []
  }
}
