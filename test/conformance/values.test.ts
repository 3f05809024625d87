// Runs the vectors of values: bytes and JSON of the same value, and what is refused, against both codecs.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../sources.ts'

const { msgpack } = await import('#dist/rpc/codec/msgpack.js')
const { json } = await import('#dist/rpc/codec/json.js')
const { joined } = await import('#dist/session/bytes.js')
const { defaultBounds: bounds } = await import('#dist/rpc/codec/limits.js')

interface Vector {
  readonly name: string
  /** Hex; spaces and bars for the eye. */
  readonly msgpack: string
  /** The value as the JSON codec writes it. */
  readonly json: unknown
}

interface Refused {
  readonly name: string
  readonly msgpack?: string
  readonly text?: string
}

const vectors = JSON.parse(readFileSync(join(root, 'test/conformance/values.json'), 'utf8')) as {
  readonly values: readonly Vector[]
  readonly decoded: readonly Vector[]
  readonly refused: readonly Refused[]
}

/** Stands for what a reference leads to. */
class Place {
  readonly reference: object

  constructor(reference: object) {
    this.reference = reference
  }
}
type Reference = ReturnType<NonNullable<Parameters<typeof msgpack.encode>[1]>['write']>
const writer = { write: (place: object) => (place as Place).reference as Reference }
const reader = { read: (reference: object) => new Place(reference) }

const unhex = (hex: string): Uint8Array => Buffer.from(hex.replace(/[ |]/g, ''), 'hex')
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const parsed = (vector: Vector): unknown => json.decode(Buffer.from(JSON.stringify(vector.json)), bounds, reader)

for (const vector of vectors.values) {
  test(`value: ${vector.name}`, () => {
    const value = msgpack.decode(unhex(vector.msgpack), bounds, reader)
    assert.deepEqual(value, parsed(vector))
    assert.equal(hex(joined(msgpack.encode(value, writer))), hex(unhex(vector.msgpack)))
    assert.deepEqual(JSON.parse(Buffer.from(joined(json.encode(value, writer))).toString()), vector.json)
  })
}

for (const vector of vectors.decoded) {
  test(`value in a form we read and do not write: ${vector.name}`, () => {
    assert.deepEqual(msgpack.decode(unhex(vector.msgpack), bounds, reader), parsed(vector))
  })
}

for (const { name, msgpack: bytes, text } of vectors.refused) {
  test(`refused in ${text === undefined ? 'MessagePack' : 'JSON'}: ${name}`, () => {
    const refused = { name: 'BraidError', code: 'BRAID_INVALID_INPUT' }
    if (text === undefined) assert.throws(() => msgpack.decode(unhex(bytes!), bounds, reader), refused)
    else assert.throws(() => json.decode(Buffer.from(text), bounds, reader), refused)
  })
}

test('every extension and every form has a vector', () => {
  const all = [...vectors.values, ...vectors.decoded].map((vector) => JSON.stringify(vector))
  for (const name of 'undefined number bigint date bytes map set error regexp url object stream items function signal'.split(
    ' ',
  ))
    assert.ok(
      all.some((text) => text.includes(`{"$":["${name}"`)),
      name,
    )
})
