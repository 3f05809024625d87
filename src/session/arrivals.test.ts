// Who shakes hands, and where connections come from.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Addresses, addressOf } from './arrivals.ts'
import { Budget } from './budget.ts'
import type { Share } from './share.ts'

test('an address is the host without scheme, port and brackets; what has no host is one address', () => {
  const rows = [
    ['tcp://10.0.0.7:4000', '10.0.0.7'],
    ['tls://10.0.0.7:1', '10.0.0.7'],
    ['tcp://[::1]:4000', '::1'],
    ['tcp://[::ffff:10.0.0.7]:4000', '10.0.0.7'],
    ['tcp://[fe80::1%eth0]:4000', 'fe80::1%eth0'],
    ['unix:/run/braid.sock#17', 'unix:/run/braid.sock'],
    ['tcp://10.0.0.7:4000#inner#x:1', '10.0.0.7'],
    ['tcp://10.0.0.7:4000#inner\n1', '10.0.0.7'],
    ['tcp://10.0.0.7:4000#\u2028#:2', '10.0.0.7'],
    ['unix:/run/braid.sock#5#inner', 'unix:/run/braid.sock'],
    ['unix:/run/braid.sock#6#in\nner', 'unix:/run/braid.sock'],
    ['memory:', 'memory:'],
    ['memory:#inner', 'memory:'],
    ['duplex', 'duplex'],
  ] as const
  for (const [remote, address] of rows) assert.equal(addressOf(remote), address)
})

test('addresses are counted one by one, and forgotten with their last connection', () => {
  const addresses = new Addresses(2)
  assert.deepEqual(
    ['a', 'a', 'b', 'a'].map((address) => addresses.enter(address)),
    [true, true, true, false],
  )
  assert.deepEqual([addresses.used, addresses.refused], [2, 1])
  for (const address of ['a', 'a', 'b']) addresses.leave(address)
  assert.equal(addresses.used, 0)
  assert.equal(addresses.enter('a'), true)
})

test('the oldest handshake goes for a new one; who was admitted stays; too many who are going shut the door', () => {
  const budget = new Budget({ handshakes: 2 })
  const evicted: number[] = []
  const shares: Share[] = []
  const arrive = (): boolean => {
    const share = budget.accepted('x')
    if (share === undefined) return false
    const number = shares.push(share) - 1
    share.evict = () => evicted.push(number)
    return true
  }
  assert.deepEqual([arrive(), arrive()], [true, true])
  shares[0]?.enter()
  assert.equal(arrive(), true)
  assert.deepEqual(evicted, [])
  assert.deepEqual([arrive(), arrive()], [true, true])
  assert.deepEqual(evicted, [1, 2])
  assert.equal(arrive(), false)
  shares[1]?.end()
  assert.equal(arrive(), true)
  assert.deepEqual(budget.stats().handshakes, { max: 2, used: 2, refused: 4 })
  for (const share of shares) share.end()
  assert.deepEqual(budget.stats().handshakes.used, 0)
})
