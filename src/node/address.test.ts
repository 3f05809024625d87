// Addresses: what is taken apart how, and what is refused with which words.

import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { formatAddress, parseAddress } from './address.ts'

const good: readonly [string, ReturnType<typeof parseAddress>][] = [
  ['tcp://127.0.0.1:4000', { kind: 'tcp', host: '127.0.0.1', port: 4000 }],
  ['tcp://example.org:1', { kind: 'tcp', host: 'example.org', port: 1 }],
  ['tcp://localhost:0/', { kind: 'tcp', host: 'localhost', port: 0 }],
  ['tcp://[::1]:65535', { kind: 'tcp', host: '::1', port: 65_535 }],
  ['tcp://[fe80::1%eth0]:80', { kind: 'tcp', host: 'fe80::1%eth0', port: 80 }],
  ['tls://example.org:443', { kind: 'tls', host: 'example.org', port: 443 }],
  ['tls://[::1]:1', { kind: 'tls', host: '::1', port: 1 }],
  ['ws://127.0.0.1:8080', { kind: 'ws', host: '127.0.0.1', port: 8080, path: '/', query: '' }],
  ['ws://example.org/mux/a?t=1', { kind: 'ws', host: 'example.org', port: 80, path: '/mux/a', query: '?t=1' }],
  ['wss://[::1]/', { kind: 'wss', host: '::1', port: 443, path: '/', query: '' }],
  ['wss://example.org:1?a', { kind: 'wss', host: 'example.org', port: 1, path: '/', query: '?a' }],
  ['unix:/run/braid.sock', { kind: 'unix', path: '/run/braid.sock' }],
  ['unix:///run/braid.sock', { kind: 'unix', path: '/run/braid.sock' }],
  ['unix:/a b/c%20d#e?f', { kind: 'unix', path: '/a b/c%20d#e?f' }],
  ['unix:here/it is', { kind: 'unix', path: resolve('here/it is') }],
]

for (const [url, address] of good) {
  test(`parseAddress takes ${url}`, () => assert.deepEqual(parseAddress(url), address))
}

const bad: readonly [string, RegExp][] = [
  ['', /tcp:\/\/host:port, tls:\/\/host:port, ws:\/\/ or wss:\/\/host:port\/path, unix:\/path, or stdio:/],
  [
    '127.0.0.1:4000',
    /tcp:\/\/host:port, tls:\/\/host:port, ws:\/\/ or wss:\/\/host:port\/path, unix:\/path, or stdio:/,
  ],
  [
    'http://127.0.0.1:4000',
    /tcp:\/\/host:port, tls:\/\/host:port, ws:\/\/ or wss:\/\/host:port\/path, unix:\/path, or stdio:/,
  ],
  ['tcp://127.0.0.1', /tcp:\/\/host:port/],
  ['tls://127.0.0.1', /it must read tls:\/\/host:port/],
  ['tls://:4000', /host is missing/],
  ['tcp://:4000', /host is missing/],
  ['tcp://127.0.0.1:', /tcp:\/\/host:port/],
  ['tcp://127.0.0.1:65536', /0 to 65535/],
  ['tcp://127.0.0.1:-1', /tcp:\/\/host:port/],
  ['tcp://127.0.0.1:80/path', /tcp:\/\/host:port/],
  ['tcp://user@host:80', /tcp:\/\/host:port/],
  ['tcp://::1:80', /tcp:\/\/host:port/],
  ['tcp://[host]:80', /IPv6/],
  ['tcp://[]:80', /IPv6/],
  ['tcp:// host:80', /tcp:\/\/host:port/],
  ['ws://', /host is missing/],
  ['ws://:80/', /host is missing/],
  ['ws://me:secret@host/', /"ws:\/\/\.\.\.@host\/": it must read ws:\/\/host:port\/path/],
  ['wss://host:x/?token=secret', /"wss:\/\/host:x\/\?\.\.\.": it must read wss:\/\//],
  ['ws://host/a#b', /it must read ws/],
  ['ws://host:65536/', /0 to 65535/],
  ['ws://[host]/', /IPv6/],
  ['unix:', /path is missing/],
  ['unix://', /unix:\/path/],
  ['unix://host/path', /unix:\/path/],
  ['unix:/a\0b', /NUL/],
  [`unix:/${'x'.repeat(200)}`, /has room for/],
]

for (const [url, why] of bad) {
  test(`parseAddress refuses ${JSON.stringify(url.slice(0, 40))}`, () => {
    assert.throws(
      () => parseAddress(url),
      (error) => error instanceof BraidError && error.code === 'BRAID_INVALID_INPUT' && why.test(error.message),
    )
  })
}

test('formatAddress gives back what was parsed', () => {
  for (const url of [
    'tcp://127.0.0.1:4000',
    'tcp://[::1]:80',
    'tls://[::1]:80',
    'ws://a:1/b',
    'wss://[::1]:80',
    'unix:/a b',
  ]) {
    assert.equal(formatAddress(parseAddress(url)), url)
  }
})
