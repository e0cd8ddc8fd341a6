// `npm run reference`: writes the pages of docs/reference/ and the JSON schema, which come from the source; a test says when one is stale.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiPage } from './api-page.ts'
import { cliPage } from './cli-page.ts'
import { configJsonSchema, configPage } from './config-page.ts'
import { errorPage } from './error-page.ts'
import { projectFolder } from './project-folder.ts'

const folder = join(projectFolder, 'docs/reference')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'errors.md'), errorPage())
writeFileSync(join(folder, 'config.md'), configPage())
writeFileSync(join(folder, 'cli.md'), cliPage())
writeFileSync(join(folder, 'api.md'), await apiPage())
mkdirSync(join(projectFolder, 'schema'), { recursive: true })
writeFileSync(join(projectFolder, 'schema/holdfast.schema.json'), configJsonSchema())
console.log('docs/reference/ and schema/ are written')
