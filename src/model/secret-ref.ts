import { z } from 'zod'

/**
 * How a secret stands in the configuration: a text (with `${ENV}` parts or, against advice, literal), or where to
 * get it: an environment variable, a file's content without its last line end, or what a command prints.
 * Only config resolves it, to a kit Secret; drivers are opened with that.
 */
export const secretRefSchema = z.union([
  z.string(),
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ command: z.union([z.string().min(1), z.array(z.string()).min(1)]) }),
]).meta({ secret: true, description: 'a secret: text with `${ENV}` parts, `{env: NAME}`, `{file: PATH}` or `{command: …}`' })
export type SecretRef = z.infer<typeof secretRefSchema>
