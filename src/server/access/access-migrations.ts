import { sql } from 'kysely'
import type { Migration } from '../../catalog/migrate.ts'

const version1 = [
  // Names that differ by case alone would be mistaken for each other.
  sql`create table accounts (id text primary key, name text not null unique collate nocase, role text not null, created_at integer not null, seen_at integer) strict`,
  sql`create table credentials (id text primary key, account text not null references accounts (id) on delete cascade, kind text not null, secret text not null, confirmed_at integer, used_step integer) strict`,
  sql`create unique index credentials_single on credentials (account, kind) where kind in ('password', 'totp')`,
  sql`create index credentials_account on credentials (account)`,
  sql`create table sessions (id text primary key, hash text not null unique, account text not null references accounts (id) on delete cascade, agent text not null, address text not null, created_at integer not null, seen_at integer not null, elevated_until integer not null) strict`,
  sql`create index sessions_account on sessions (account)`,
  sql`create table tokens (id text primary key, hash text not null unique, name text not null, kind text not null, role text not null, apps text, frame_ancestors text, created_at integer not null, expires_at integer, used_at integer) strict`,
  sql`create table audit (id integer primary key autoincrement, at integer not null, who text not null, address text not null, action text not null, target text, outcome text not null) strict`,
  sql`create index audit_outcome on audit (outcome, id)`,
]

/** The steps of access.sqlite; published ones never change. */
export const accessMigrations: readonly Migration[] = [
  async (database) => {
    for (const statement of version1) await statement.execute(database)
  },
]
