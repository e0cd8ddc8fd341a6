import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DatabaseFacts } from '../../src/model/restore-point.ts'
import { containerOfDump, refuseOneTarget } from '../../src/runs/restore/container-of-dump.ts'

type Candidate = Parameters<typeof containerOfDump>[0][number]

function found(name: string, facts: Partial<Candidate['container']> = {}): Candidate {
  return { container: { id: name, name, service: 'db', isOneOff: false, state: 'running', engine: { socket: '/run/docker.sock' }, ...facts } }
}

function dump(project?: string, path = 'databases/db_app.sql'): DatabaseFacts {
  return { name: 'db/app', engine: 'mariadb', version: '11', path, tables: [], sizeBytes: 1, container: { name: 'db', database: 'app', ...(project === undefined ? {} : { project }) } }
}

const prod = found('prod-db-1', { project: 'prod' })
const staging = found('staging-db-1', { project: 'staging' })
const ambiguous = { code: 'containers.ambiguous' }

test('a dump goes back into the container of its service and its project', () => {
  assert.equal(containerOfDump([prod, staging], dump('staging')), staging)
  assert.equal(containerOfDump([], dump('staging')), undefined)
  const stopped = found('prod-db-2', { project: 'prod', state: 'stopped' })
  assert.equal(containerOfDump([stopped, prod], dump('prod')), prod)
  assert.equal(containerOfDump([stopped], dump('prod')), stopped)
})

test('a container of another project, or one of "docker compose run", is never taken for it', () => {
  assert.throws(() => containerOfDump([prod], dump('staging')), ambiguous)
  const once = found('prod-db-run-1', { project: 'prod', isOneOff: true })
  assert.equal(containerOfDump([once], dump('prod')), undefined)
  assert.equal(containerOfDump([once, prod], dump('prod')), prod)
})

test('a point that does not tell the project is for the only one that there is', () => {
  assert.equal(containerOfDump([prod], dump()), prod)
  assert.throws(() => containerOfDump([prod, staging], dump()), ambiguous)
  assert.throws(() => containerOfDump([prod, found('staging-db-1', { project: 'staging', state: 'stopped' })], dump()), ambiguous)
  assert.throws(() => containerOfDump([prod, found('prod-db-2', { project: 'prod' })], dump('prod')), ambiguous, 'two of one service')
})

test('two dumps are not imported into one database', () => {
  refuseOneTarget([{ facts: dump('prod'), found: prod }, { facts: dump('staging'), found: staging }])
  assert.throws(() => refuseOneTarget([{ facts: dump(), found: prod }, { facts: dump(undefined, 'databases/db_app-2.sql'), found: prod }]), ambiguous)
})
