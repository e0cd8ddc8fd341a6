import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reachOf, trusting } from '../../src/server/http/reach.ts'

const isTrusted = trusting(['127.0.0.1', '10.0.0.0/8', 'fd00::/8'])

function reach(peer: string, headers: Record<string, string>, tls = false): unknown {
  const { address, secure, host } = reachOf(new Headers({ host: 'here:7878', ...headers }), peer, tls, isTrusted)
  return [address, secure, host]
}

const forged = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example', 'forwarded': 'for=203.0.113.7;proto=https', 'x-real-ip': '203.0.113.7' }

test('what a peer says that is no trusted proxy is not believed', () => {
  for (const peer of ['192.0.2.1', '127.0.0.2', '11.0.0.1', '2001:db8::1', '']) {
    assert.deepEqual(reach(peer, forged), [peer, false, 'here:7878'], peer)
    assert.deepEqual(reach(peer, { ...forged, 'x-forwarded-proto': 'http' }, true), [peer, true, 'here:7878'], `${peer}: its own TLS is one`)
  }
  assert.deepEqual(reachOf(new Headers(forged), '127.0.0.1', false, trusting([])), { address: '127.0.0.1', secure: false, host: '' }, 'nobody is trusted unless it is said')
})

test('of a chain the last address that is no trusted proxy is the client: what stands before it may be a lie', () => {
  for (const [chain, address] of [
    ['203.0.113.7', '203.0.113.7'],
    ['198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['127.0.0.1,198.51.100.1 ,203.0.113.7,  10.1.2.3', '203.0.113.7'],
    ['203.0.113.7, 10.1.2.3, fd00::1', '203.0.113.7'],
    ['2001:db8::7, ::ffff:10.1.2.3', '2001:db8::7'],
    ['198.51.100.1, ::ffff:203.0.113.7', '203.0.113.7'],
    ['10.9.9.9, 10.1.2.3', '10.9.9.9'],
    ['<script>alert(1)</script>', '127.0.0.1'],
    ['', '127.0.0.1'],
    [', ,', '127.0.0.1'],
  ] as const) assert.deepEqual(reach('127.0.0.1', { 'x-forwarded-for': chain }), [address, false, 'here:7878'], chain)
  assert.deepEqual(reach('::ffff:127.0.0.1', { 'x-forwarded-for': '203.0.113.7' }), ['203.0.113.7', false, 'here:7878'], 'IPv4 on a socket for both')
  assert.deepEqual(reach('fd00::99', { 'x-forwarded-for': '203.0.113.7' }), ['203.0.113.7', false, 'here:7878'])
})

test('whether it came by HTTPS, and by which name, the trusted proxy says last', () => {
  for (const [told, secure] of [['https', true], ['http', false], ['https, http', false], ['http, https', true], ['https://', false], ['', false]] as const) assert.deepEqual(reach('10.0.0.1', { 'x-forwarded-proto': told }), ['10.0.0.1', secure, 'here:7878'], told)
  assert.deepEqual(reach('10.0.0.1', { 'x-forwarded-host': 'backups.example' }), ['10.0.0.1', false, 'backups.example'])
})

test('a list of proxies holds addresses and networks of both kinds, and what cannot be read trusts nobody', () => {
  const holds = (list: readonly string[], address: string): boolean => trusting(list)(address)
  assert.ok(holds(['192.168.1.0/24'], '192.168.1.255') && !holds(['192.168.1.0/24'], '192.168.2.0'))
  assert.ok(holds(['2001:db8::/32'], '2001:db8:ffff::1') && !holds(['2001:db8::/32'], '2001:db9::1'))
  assert.ok(holds(['::1'], '::1') && !holds(['::1'], '127.0.0.1'))
  for (const broken of ['10.0.0.0/33', '10.0.0', 'localhost', '2001:db8::/129', '']) assert.ok(!['10.0.0.0', '127.0.0.1', '::1', '2001:db8::', '', 'localhost'].some((address) => holds([broken], address)), broken)
})

test('an entry that is no plain address never lets what stands before it be believed', () => {
  for (const [last, address] of [['203.0.113.7:51234', '203.0.113.7'], ['[2001:db8::1]:443', '2001:db8::1'], ['unknown', '127.0.0.1']] as const) {
    assert.deepEqual(reach('127.0.0.1', { 'x-forwarded-for': `198.51.100.1, ${last}` }), [address, false, 'here:7878'], last)
  }
})
