// Certificates made here, as OpenSSL reads them.

import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { issue, selfSigned } from './certificate.ts'

test('a self-signed certificate is for this machine, for now, and signed with its own key', () => {
  const { cert, key, fingerprint } = selfSigned()
  const read = new X509Certificate(cert)
  assert.ok(read.verify(read.publicKey))
  assert.equal(read.issuer, read.subject)
  assert.equal(read.ca, false)
  for (const host of ['127.0.0.1', '::1']) assert.equal(read.checkIP(host), host)
  assert.equal(read.checkHost('localhost'), 'localhost')
  assert.equal(read.checkHost('example.org'), undefined)
  assert.ok(Date.parse(read.validFrom) < Date.now() && Date.parse(read.validTo) > Date.now())
  assert.equal(fingerprint, createHash('sha256').update(read.raw).digest('hex'))
  assert.match(key, /^-----BEGIN PRIVATE KEY-----\n/)
})

test('no two certificates have a key, a serial number or a fingerprint in common', () => {
  const made = [selfSigned(), selfSigned()].map((each) => ({
    ...each,
    ...new X509Certificate(each.cert).toLegacyObject(),
  }))
  for (const part of ['key', 'serialNumber', 'fingerprint'] as const) assert.notEqual(made[0]![part], made[1]![part])
})

test('an issued certificate is signed by its authority, and its times and names are those given', () => {
  const from = new Date('2049-12-31T23:59:59Z')
  const until = new Date('2050-01-01T00:00:00Z')
  const authority = issue({ name: 'authority', from, until, authority: true })
  const hosts = [...Array(40).keys()].map((n) => `host-${n}.example.org`)
  const read = new X509Certificate(
    issue({ name: 'server', hosts: [...hosts, '2001:db8::1:2'], from, until }, authority).cert,
  )
  const parent = new X509Certificate(authority.cert)
  assert.ok(parent.ca && read.checkIssued(parent) && read.verify(parent.publicKey))
  assert.deepEqual([read.subject, read.issuer], ['CN=server', 'CN=authority'])
  assert.deepEqual([new Date(read.validFrom), new Date(read.validTo)], [from, until])
  for (const host of hosts) assert.equal(read.checkHost(host), host)
  assert.equal(read.checkIP('2001:db8::1:2'), '2001:db8::1:2')
})
