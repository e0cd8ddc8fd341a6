import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newMachine } from '../../e2e/machine.ts'
import { program } from '../../e2e/program.ts'
import { startMariadb } from '../../fixtures/mariadb-server.ts'
import type { MariadbServer } from '../../fixtures/mariadb-server.ts'

const total = 200_000

let server: MariadbServer

before(async () => {
  server = await startMariadb()
  // By name and so in the dump one account comes first, the other last, and what takes a while between them.
  await server.sql(`CREATE DATABASE shop; USE shop;
    CREATE TABLE a_account (id int PRIMARY KEY, amount int, transfers int) ENGINE=InnoDB;
    CREATE TABLE m_bulk (id int PRIMARY KEY, body longtext) ENGINE=InnoDB;
    CREATE TABLE z_account LIKE a_account;
    CREATE TABLE z_journal (transfer int PRIMARY KEY, amount int) ENGINE=InnoDB;
    INSERT INTO a_account VALUES (1, ${total / 2}, 0);
    INSERT INTO z_account VALUES (1, ${total / 2}, 0);
    INSERT INTO m_bulk SELECT seq, repeat(md5(seq), 200) FROM seq_1_to_1500;
    CREATE DATABASE writer; USE writer;
    CREATE TABLE stop (asked int) ENGINE=InnoDB;`)
  await server.sql(String.raw`
DELIMITER //
CREATE PROCEDURE transfer_until_stopped() BEGIN
  DECLARE moved int;
  WHILE (SELECT count(*) FROM writer.stop) = 0 DO
    SET moved = floor(rand() * 200) - 100;
    START TRANSACTION;
    UPDATE shop.a_account SET amount = amount - moved, transfers = transfers + 1;
    UPDATE shop.z_account SET amount = amount + moved, transfers = transfers + 1;
    INSERT INTO shop.z_journal SELECT transfers, moved FROM shop.z_account;
    COMMIT;
  END WHILE;
END//
DELIMITER ;`, 'writer')
})

after(async () => {
  await server[Symbol.asyncDispose]()
})

type Books = { readonly total: number; readonly transfers: number; readonly ofTheOther: number; readonly journal: number }

async function books(database = 'shop'): Promise<Books> {
  const line = await server.sql('SELECT a.amount + z.amount, a.transfers, z.transfers, (SELECT count(*) FROM z_journal) FROM a_account a, z_account z', database)
  const [sum = Number.NaN, transfers = Number.NaN, ofTheOther = Number.NaN, journal = Number.NaN] = line.trim().split('\t').map(Number)
  return { total: sum, transfers, ofTheOther, journal }
}

/** Commits transfers without a pause while `work` is under way; gives how many there were before and after it. */
async function whileWriting(work: () => Promise<void>): Promise<{ readonly from: number; readonly to: number }> {
  await server.sql('DELETE FROM stop', 'writer')
  const from = (await books()).transfers
  const state = { ended: false }
  // Its failure is awaited below; until then it must not end the process.
  const writing = server.sql('CALL transfer_until_stopped()', 'writer').then(() => undefined, (error: unknown) => error).finally(() => { state.ended = true })
  try {
    while (!state.ended && (await books()).transfers === from) await sleep(5)
    await work()
  } finally {
    await server.sql('INSERT INTO stop VALUES (1)', 'writer')
    assert.equal(await writing, undefined)
  }
  return { from, to: (await books()).transfers }
}

test('a dump is of one moment while transfers between two tables are committed all the time', async () => {
  await using machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app, databases: [{ type: 'mariadb', name: 'shop', socket: server.socket, user: 'root' }] } }, place: machine.place })
  for (let round = 0; round < 2; round++) {
    const { from, to } = await whileWriting(async () => { await machine.backup(['demo', '--no-verify']) })
    await machine.holdfast(['restore', 'latest', '--no-ask'])
    const restored = await books()
    const { transfers } = restored
    assert.deepEqual(restored, { total, transfers, ofTheOther: transfers, journal: transfers }, `round ${round}`)
    // It is neither the state before the writer began nor the one after it had stopped.
    assert.ok(from < transfers && transfers < to, `${transfers} transfers of ${from} to ${to}`)
  }
})

test('without one transaction the same transfers tear a dump, so that the test above sees it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hf-torn-'))
  try {
    const file = join(folder, 'torn.sql')
    await whileWriting(async () => {
      await program('mariadb-dump', 'mariadb-client', ['--no-defaults', '-uroot', `--socket=${server.socket}`, '--skip-lock-tables', '--skip-single-transaction', `--result-file=${file}`, 'shop'])
    })
    await server.sql('CREATE DATABASE torn')
    await server.sql(await readFile(file, 'utf8'), 'torn')
    const { transfers, ofTheOther } = await books('torn')
    assert.notEqual(transfers, ofTheOther)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
