import { shellQuote } from '../kit/shell-quote.ts'
import type { DatabaseFacts, Snapshot, VolumeFacts } from '../model/restore-point.ts'
import { baseName } from './vault-context.ts'

export const guideName = 'RESTORE.md'

const heading = '## Application '

/**
 * The text beside the archives: how to get everything back without Holdfast. What it says of other applications that
 * keep their archives in the same folder is kept from the text before.
 * Of encrypted archives it names neither files nor databases.
 */
export function restoreGuide(snapshot: Snapshot, databases: readonly DatabaseFacts[], before: string | undefined, volumes: readonly VolumeFacts[] = []): string {
  const sections = new Map<string, string>()
  for (const part of (before ?? '').split(/^(?=## Application )/m).slice(1)) sections.set(part.slice(0, part.indexOf('\n')), part.trimEnd())
  const title = `${heading}${snapshot.app}`
  const own = section(title, snapshot, databases, volumes)
  sections.set(title, own)
  return `${introduction}\n${[...sections.values()].sort().join('\n\n')}\n`
}

function section(title: string, snapshot: Snapshot, databases: readonly DatabaseFacts[], volumes: readonly VolumeFacts[]): string {
  const name = shellQuote(baseName(snapshot.key))
  const lines = [
    title,
    '',
    `Written for \`${baseName(snapshot.key)}\` (${snapshot.startedAt}); other restore points of this application are restored in the same way, with their own name.`,
    '',
  ]
  if (snapshot.sha256 !== undefined) lines.push('See whether the archive is whole:', '', ...code([`sha256sum -c ${shellQuote(`${baseName(snapshot.key)}.sha256`)}`]))
  lines.push('Unpack it into a new folder:', '', ...code(['mkdir restored', ...unpack(snapshot, name)]))
  if (snapshot.format === 'zip') lines.push(zipLacks(snapshot.encrypted), '')
  lines.push(...databaseLines(snapshot, databases))
  lines.push(...volumeLines(snapshot, volumes))
  lines.push('Remove the records of Holdfast, which are no part of the application:', '', ...code(['rm -r restored/.holdfast-????????????????']))
  lines.push(`\`restored\` is now what \`${snapshot.root}\` was. Stop the application, move what is there aside, and move this folder into its place.`)
  return lines.join('\n')
}

/** Of encrypted archives not even the names of volumes are told. */
function volumeLines({ encrypted }: Snapshot, volumes: readonly VolumeFacts[]): readonly string[] {
  if (volumes.length === 0) return []
  const copies = encrypted ? ['NAME=VOLUME', 'cp -a "restored/.holdfast-volumes/$NAME/." "$(docker volume inspect -f \'{{or (index .Options "device") .Mountpoint}}\' "$NAME")/"'] : volumes.map(({ name, path, source, options }) => `cp -a ${shellQuote(`restored/${path}/.`)} "$(docker volume inspect -f '${options?.['device'] === source ? '{{.Options.device}}' : '{{.Mountpoint}}'}' ${shellQuote(name)})/"`)
  return ['Named volumes lie in `.holdfast-volumes`. Make them (`docker compose up --no-start`), and as root, while the containers stand still, empty each and fill it:', '', ...code([...copies, 'rm -r restored/.holdfast-volumes'])]
}

function unpack(snapshot: Snapshot, name: string): string[] {
  switch (snapshot.format) {
    case 'zip': return snapshot.encrypted ? [`7z x -orestored ${name}    # asks for the password; unzip does not know this encryption`] : [`unzip -X -K -d restored ${name}    # -X: owners, -K: setuid bits; both as root`]
    case 'tar.gz': return [`tar -C restored --numeric-owner --xattrs --xattrs-include='*' --acls -xzpf ${name}`]
    case 'tar.zst': return [`tar -C restored --numeric-owner --xattrs --xattrs-include='*' --acls --zstd -xpf ${name}`]
    case 'folder': return [`cp -a ${name}/. restored/`]
  }
}

function zipLacks(encrypted: boolean): string {
  return `${encrypted ? '7z may change links to absolute paths, and brings back neither owners nor' : 'unzip does not bring back'} extended attributes, ACLs, devices and pipes, makes copies of hardlinks, and changes names that are not UTF-8 or hold control characters. Holdfast brings all that back.`
}

function databaseLines(snapshot: Snapshot, databases: readonly DatabaseFacts[]): readonly string[] {
  if (snapshot.databases === 0) return []
  if (snapshot.encrypted) return encryptedDatabaseLines
  const servers = databases.filter((facts) => facts.engine === 'mariadb' && facts.container === undefined)
  const loads = servers.flatMap((facts) => {
    const collate = facts.collation !== undefined && /^\w+$/.test(facts.collation) ? ` COLLATE ${facts.collation}` : ''
    return [
      `mariadb --default-character-set=utf8mb4 -e ${shellQuote(`CREATE DATABASE IF NOT EXISTS \`${facts.name.replace(/`/g, '``')}\`${collate}`)}`,
      `mariadb --default-character-set=utf8mb4 --binary-mode --comments ${shellQuote(facts.name)} < ${shellQuote(`restored/${facts.path}`)}`,
    ]
  })
  const files = databases.filter((facts) => facts.engine === 'sqlite').map((facts) => `sqlite3 ${shellQuote(`restored/${facts.path}`)} 'PRAGMA integrity_check'`)
  const dumps = servers.map((facts) => `rm ${shellQuote(`restored/${facts.path}`)}`)
  const folders = servers.some((facts) => facts.path.startsWith('databases/')) ? ['rmdir --ignore-fail-on-non-empty restored/databases'] : []
  return [
    ...(loads.length === 0 ? [] : ['Load the databases (mysql where there is no mariadb; -h, -u and -p for another server or user). What is in a database of that name is replaced:', '', ...code(loads), 'Remove their dumps, which are no part of the application:', '', ...code([...dumps, ...folders])]),
    ...containerLines(databases.filter(({ container }) => container !== undefined)),
    ...(files.length === 0 ? [] : ['SQLite databases are whole files, and used as they are. See that they are sound:', '', ...code(files)]),
  ]
}

/** Dumps of servers in containers: most came with the servers' own files as well, and are needed only where those do not do. */
function containerLines(databases: readonly DatabaseFacts[]): readonly string[] {
  if (databases.length === 0) return []
  const loads = databases.flatMap((facts) => {
    const service = shellQuote(facts.container?.name ?? '')
    const project = facts.container?.project
    // Without need it would only stand in the way where the project has another name by then.
    const isShared = project !== undefined && databases.some(({ container }) => container?.name === facts.container?.name && container?.project !== project)
    const compose = `docker compose${isShared ? ` -p ${shellQuote(project)}` : ''}`
    const dump = shellQuote(`restored/${facts.path}`)
    const name = facts.container?.database ?? facts.name
    switch (facts.engine) {
      case 'mariadb': {
        const inside = (what: string): string => `${compose} exec -T ${service} sh -c 'export MYSQL_PWD="\${MARIADB_ROOT_PASSWORD:-$MYSQL_ROOT_PASSWORD}"; exec mariadb -uroot --default-character-set=utf8mb4 --binary-mode --comments "$@"' sh ${what}`
        return [inside(`-e ${shellQuote(`CREATE DATABASE IF NOT EXISTS \`${name.replace(/`/g, '``')}\``)}`), `${inside(shellQuote(name))} < ${dump}`]
      }
      case 'postgresql': return [`${compose} exec -T ${service} sh -c 'exec psql -U "\${POSTGRES_USER:-postgres}" -d template1' < ${dump}`]
      case 'influxdb':
      case 'influxdb2': return [`tar -xf ${dump}    # then: ${compose} cp influxdb ${service}:/tmp/`, `${compose} exec ${service} ${facts.engine === 'influxdb' ? 'influxd restore -portable /tmp/influxdb' : 'influx restore --full /tmp/influxdb'}`]
      case 'redis': return [`# ${facts.path}: put it as dump.rdb into the data folder of ${service} while that is stopped (and appendonly is off)`]
      case 'sqlite': return []
    }
  })
  return ['Servers in containers: where their own files were saved (they are in the unpacked folder), starting the containers is enough. Else start each empty and load its dump (in the folder of the compose file):', '', ...code(loads)]
}

/** Names neither databases nor dumps: nobody without the password shall learn them. */
const encryptedDatabaseLines: readonly string[] = [
  'Databases and their dumps are listed in the records:',
  '',
  '```sh',
  `sed -n '/^ "databases"/,/^ \\]/p' restored/.holdfast-????????????????/manifest.json | grep -E '^   "(name|engine|path|collation)"'`,
  '```',
  '',
  'An SQLite database is a whole file, and used as it is. For each of the others put its `name`, its `collation` and the `path` of its dump into these lines. What is in a database of that name is replaced:',
  '',
  '```sh',
  'DATABASE=NAME',
  'COLLATION=utf8mb4_general_ci',
  'DUMP=restored/database.sql',
  'mariadb --default-character-set=utf8mb4 -e "CREATE DATABASE IF NOT EXISTS \\`$DATABASE\\` COLLATE $COLLATION"',
  'mariadb --default-character-set=utf8mb4 --binary-mode --comments "$DATABASE" < "$DUMP"',
  'rm "$DUMP"',
  'rmdir --ignore-fail-on-non-empty "$(dirname "$DUMP")"',
  '```',
  '',
]

function code(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['```sh', ...lines, '```', '']
}

/** The first line of the text, by which a folder of restore points is known. */
export const guideTitle = '# How to restore without Holdfast'

const introduction = `${guideTitle}

These restore points can be read with ordinary programs. Run the commands in this folder, as root if owners are to be kept.
With Holdfast it is \`holdfast restore latest --from . --target FOLDER\`.
`
