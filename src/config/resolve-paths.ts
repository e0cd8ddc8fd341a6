import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { secretRefSchema } from '../model/secret-ref.ts'
import type { SecretRef } from '../model/secret-ref.ts'
import { mqttOptionsSchema } from '../report/mqtt/mqtt-options.ts'
import { notifierOptionsSchema } from '../report/notifiers/notifier-options.ts'
import type { AppConfig, Config, DatabaseConfig } from './config-schema.ts'
import { mapSecrets } from './map-secrets.ts'

/**
 * The configuration with absolute paths: relative ones count from the folder of the file, `~` is the home folder.
 * An SQLite file's path stays as written: it counts from the application's root.
 */
export function resolvePaths(config: Config, folder: string, home: string): Config {
  const path = (text: string): string => resolve(folder, text === '~' ? home : text.startsWith('~/') ? join(home, text.slice(2)) : text)
  return {
    ...config,
    apps: mapValues(config.apps, (app): AppConfig => ({
      ...app,
      root: path(app.root),
      ...(app.databases === undefined ? {} : { databases: app.databases.map((database) => resolveDatabase(database, path)) }),
      ...(app.password === undefined ? {} : { password: resolveReference(app.password, path) }),
      ...(app.ping === undefined ? {} : { ping: { ...app.ping, url: resolveReference(app.ping.url, path) } }),
      ...(app.jeedom === undefined ? {} : { jeedom: { ...app.jeedom, apiKey: resolveReference(app.jeedom.apiKey, path) } }),
    })),
    vaults: mapValues(config.vaults, (vault) => ({
      ...vault,
      place: path(vault.place),
      ...(vault.password === undefined ? {} : { password: resolveReference(vault.password, path) }),
    })),
    notify: mapValues(config.notify, (notifier) => {
      const resolved = withSecretPaths(notifierOptionsSchema, notifier, path)
      return resolved.type !== 'mail' || resolved.ca === undefined ? resolved : { ...resolved, ca: path(resolved.ca) }
    }),
    ...(config.mqtt === undefined ? {} : { mqtt: resolveMqtt(config.mqtt, path) }),
    ...(config.statusFile === undefined ? {} : { statusFile: { ...config.statusFile, path: path(config.statusFile.path) } }),
    ...(config.place === undefined ? {} : { place: path(config.place) }),
    ...(config.state === undefined ? {} : { state: path(config.state) }),
  }
}

function resolveDatabase(database: DatabaseConfig, path: (text: string) => string): DatabaseConfig {
  if (database.type !== 'mariadb') return database
  const { password, tls, ...rest } = database
  return {
    ...rest,
    ...(password === undefined ? {} : { password: resolveReference(password, path) }),
    ...(tls === undefined ? {} : { tls: tls === false ? tls : resolveTls(tls, path) }),
  }
}

type TlsFiles = Exclude<NonNullable<Extract<DatabaseConfig, { type: 'mariadb' }>['tls']>, false>

function resolveTls({ ca, cert, key, ...rest }: TlsFiles, path: (text: string) => string): TlsFiles {
  return {
    ...rest,
    ...(ca === undefined ? {} : { ca: path(ca) }),
    ...(cert === undefined ? {} : { cert: path(cert) }),
    ...(key === undefined ? {} : { key: path(key) }),
  }
}

function resolveMqtt(mqtt: NonNullable<Config['mqtt']>, path: (text: string) => string): NonNullable<Config['mqtt']> {
  const resolved = withSecretPaths(mqttOptionsSchema, mqtt, path)
  return resolved.ca === undefined ? resolved : { ...resolved, ca: path(resolved.ca) }
}

/** Every secret of the options, wherever they have one. */
function withSecretPaths<Schema extends z.ZodType>(schema: Schema, options: z.output<Schema>, path: (text: string) => string): z.output<Schema> {
  return schema.parse(mapSecrets(schema, options, (secret) => {
    const reference = secretRefSchema.safeParse(secret)
    return reference.success ? resolveReference(reference.data, path) : secret
  }))
}

function resolveReference(reference: SecretRef, path: (text: string) => string): SecretRef {
  return typeof reference === 'object' && 'file' in reference ? { file: path(reference.file) } : reference
}

/** Without a prototype: `apps['constructor']` is then no application. */
function mapValues<Value>(record: Readonly<Record<string, Value>>, change: (value: Value) => Value): Record<string, Value> {
  const changed: Record<string, Value> = Object.create(null)
  for (const [name, value] of Object.entries(record)) changed[name] = change(value)
  return changed
}
