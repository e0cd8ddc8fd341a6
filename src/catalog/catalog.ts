import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Kysely, sql } from 'kysely'
import { AppError, systemCode } from '../kit/app-error.ts'
import { CatalogExpected } from './catalog-expected.ts'
import { CatalogPoints } from './catalog-points.ts'
import { CatalogRuns } from './catalog-runs.ts'
import type { CatalogTables } from './catalog-tables.ts'
import { catalogMigrations } from './catalog-tables.ts'
import { migrate } from './migrate.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

export type CatalogOptions = {
  readonly now: () => Date
  /** Told, in a sentence, of a damaged file that was set aside. */
  readonly onDamage: (error: AppError) => void
}

/**
 * What is known of restore points, runs and what was expected: a copy of what vaults and journals hold, made to be asked quickly.
 * Deleting its file loses nothing but how expectations of the past were met.
 */
export class Catalog implements AsyncDisposable {
  readonly points: CatalogPoints
  readonly runs: CatalogRuns
  readonly expected: CatalogExpected
  readonly #db: Kysely<CatalogTables>

  private constructor(db: Kysely<CatalogTables>) {
    this.#db = db
    this.points = new CatalogPoints(db)
    this.runs = new CatalogRuns(db)
    this.expected = new CatalogExpected(db)
  }

  /**
   * Opens the file, and makes it where there is none. One that is damaged is set aside (`catalog.sqlite.damaged-20261120T030000Z`)
   * and begun anew.
   *
   * @throws AppError `state.newer`, `state.denied`, `storage.full`, `lock.held`.
   */
  static async open(file: string, { now, onDamage }: CatalogOptions): Promise<Catalog> {
    try {
      return new Catalog(await openSound(file))
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'state.damaged') throw error
      const aside = setAside(file, now())
      onDamage(new AppError('state.damaged', `The catalog was damaged; it lies now as ${aside} and is made again from the vaults and journals`, { hint: 'Check the disk that it lay on. How expectations of the past were met is lost, and nothing else.', cause: error }))
      return new Catalog(await openSound(file))
    }
  }

  /** False until `markFilled`: then vaults and journals are to be read into it in full. */
  async isFilled(): Promise<boolean> {
    return await this.#db.selectFrom('marks').select('name').where('name', '=', 'filled').executeTakeFirst() !== undefined
  }

  async markFilled(): Promise<void> {
    await this.#db.replaceInto('marks').values({ name: 'filled' }).execute()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#db.destroy()
  }
}

async function openSound(file: string): Promise<Kysely<CatalogTables>> {
  const wasThere = existsSync(file)
  // What a power cut takes from it is read again from vaults and journals.
  const db = new Kysely<CatalogTables>({ dialect: sqliteDialect(file, { synchronous: 'normal' }) })
  try {
    if (wasThere) await requireSound(db, file)
    await migrate(db, catalogMigrations, 'The catalog')
    return db
  } catch (error) {
    await db.destroy()
    throw error
  }
}

async function requireSound(db: Kysely<CatalogTables>, file: string): Promise<void> {
  const found = await sql<{ quick_check: string }>`pragma quick_check(1)`.execute(db)
  const [answer] = found.rows
  if (answer?.quick_check !== 'ok') throw new AppError('state.damaged', `${file} is damaged: ${answer?.quick_check ?? 'it cannot be checked'}`)
}

/** The last one that was set aside is kept, for whoever wants to look into it; those before it go. */
function setAside(file: string, now: Date): string {
  const prefix = `${basename(file)}.damaged-`
  for (const name of readdirSync(dirname(file))) if (name.startsWith(prefix)) rmSync(join(dirname(file), name), { force: true })
  const aside = join(dirname(file), `${prefix}${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`)
  for (const end of ['', '-wal', '-shm']) {
    try {
      renameSync(`${file}${end}`, `${aside}${end}`)
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') continue
      throw new AppError('state.denied', `The damaged ${file} cannot be moved aside`, { hint: 'Its folder must be writable.', cause })
    }
  }
  return aside
}
