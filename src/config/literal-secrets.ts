import { configSchema } from './config-schema.ts'
import type { Config } from './config-schema.ts'
import { mapSecrets } from './map-secrets.ts'

/** True when some secret stands in the configuration itself, wholly or in part. */
export function hasLiteralSecret(config: Config): boolean {
  let found = false
  mapSecrets(configSchema, config, (secret) => {
    // A command for a secret may carry one in its arguments; it cannot be told, so it is taken for a reference.
    if (typeof secret === 'string' && secret.replace(/\$\{\w+\}/g, '') !== '') found = true
    return secret
  })
  return found
}
