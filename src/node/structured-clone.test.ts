// Values among threads: what V8 clones, what stands in for the rest, and what comes of bytes that are no clone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import type { ReferenceWriter } from '../rpc/codec/codec.ts'
import { defaultBounds as bounds } from '../rpc/codec/limits.ts'
import { joined } from '../session/bytes.ts'
import { structuredCloneCodec as codec } from './structured-clone.ts'

const roundTrip = (value: unknown): unknown => codec.decode(joined(codec.encode(value)), bounds)

test('what V8 clones comes back equal, cycles included', () => {
  const value = {
    list: [1, undefined, null, -0],
    map: new Map([[1n, new Set([/x/g])]]),
    date: new Date(5),
    bytes: new Float64Array(2),
  }
  assert.deepEqual(roundTrip(value), value)
  assert.equal(roundTrip(undefined), undefined)
  const cycle: unknown[] = [new URL('http://a/')]
  cycle.push(cycle)
  const came = roundTrip(cycle) as unknown[]
  assert.equal(came[1], came)
  assert.equal((came[0] as URL).href, 'http://a/')
})

test('errors keep name, code, data and cause, and class instances their fields', () => {
  class Point {
    x = 1
    readonly #hidden = 2
    sum(): number {
      return this.x + this.#hidden
    }
  }
  const error = new BraidError('DENIED', 'no', { cause: Object.assign(new RangeError('r'), { data: new Point() }) })
  const came = roundTrip([error, error]) as BraidError[]
  assert.equal(came[0], came[1])
  assert.ok(came[0] instanceof BraidError && came[0].cause instanceof RangeError)
  assert.deepEqual((came[0].cause as Error & { data?: unknown }).data, { x: 1 })
})

test('references stand where they stood', () => {
  const writer: ReferenceWriter = {
    write: (place) => ({ kind: typeof place === 'function' ? 'function' : 'signal', number: 3, flag: true }),
  }
  const value = {
    call: () => 0,
    map: new Map([['s', new AbortController().signal]]),
    set: new Set([() => 1]),
    list: ['then', () => 0],
  }
  const body = joined(codec.encode(value, writer))
  const read = ({ kind, number, flag }: { kind: string; number: number; flag: boolean }) => `${kind} ${number} ${flag}`
  assert.deepEqual(codec.decode(body, bounds, { read }), {
    call: 'function 3 true',
    map: new Map([['s', 'signal 3 true']]),
    set: new Set(['function 3 true']),
    list: ['then', 'function 3 true'],
  })
  assert.throws(() => codec.decode(body, bounds), { code: 'BRAID_INVALID_INPUT' })
  assert.throws(() => codec.encode(Object.fromEntries([['then', () => 0]]), writer), TypeError)
})

test('what cannot travel is a TypeError, what is no clone is refused', () => {
  for (const value of [() => 0, Symbol('s'), [Promise.resolve()], { items: (async function* () {})() }, new WeakMap()])
    assert.throws(() => codec.encode(value), TypeError)
  for (const body of [Buffer.from(''), Buffer.from('ff0f', 'hex'), Buffer.from('nonsense')])
    assert.throws(() => codec.decode(body, bounds), { code: 'BRAID_INVALID_INPUT' })
})
