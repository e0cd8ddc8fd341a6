import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressReach } from '../../src/kit/address-reach.ts'

test('addresses of this machine and of private networks are private, in every way to write them', () => {
  for (const address of ['127.0.0.1', '127.255.0.9', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.10', '100.64.0.1', '198.18.0.1', '::1', 'fc00::1', 'fd12:3456::1', 'fec0::1',
    '::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:c0a8:010a', '::127.0.0.1', '64:ff9b::192.168.1.10', '64:ff9b::c0a8:10a', '2002:c0a8:010a::1']) assert.equal(addressReach(address), 'private', address)
})

test('link-local, unspecified, multicast and reserved addresses are never a goal', () => {
  for (const address of ['169.254.169.254', '0.0.0.0', '0.1.2.3', '224.0.0.1', '239.255.255.250', '255.255.255.255', '240.0.0.1', '192.0.2.1', '203.0.113.9', '::', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'ff02::1', '2001:db8::1', '2001:0:1::1', 'fd00:ec2::254',
    '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::', '::ffff:0.0.0.0', '', 'localhost', '1.2.3', '127.1', '0x7f000001', '1.2.3.4.5']) assert.equal(addressReach(address), 'never', address)
})

test('addresses of the internet are public', () => {
  for (const address of ['1.1.1.1', '8.8.8.8', '172.15.0.1', '172.32.0.1', '100.128.0.1', '192.167.255.255', '223.255.255.255', '2606:4700:4700::1111', '2a00:1450:4001::1', '::ffff:8.8.8.8', '64:ff9b::808:808']) assert.equal(addressReach(address), 'public', address)
})
