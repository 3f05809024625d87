// What is fuzzed: everything that reads what a stranger wrote. Each target takes any bytes and throws when a promise is broken.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BraidError } from '#dist/engine/errors.js'
import { parseBatch } from '#dist/file/list.js'
import { parseFileRequest, parseInfo, parseListRequest, parseSum } from '#dist/file/offer.js'
import { pathFault } from '#dist/file/path.js'
import { formatAddress, parseAddress } from '#dist/node/address.js'
import { decodeBody } from '#dist/rpc/call/body.js'
import type { Codec, Reference } from '#dist/rpc/codec/codec.js'
import { json } from '#dist/rpc/codec/json.js'
import { defaultBounds } from '#dist/rpc/codec/limits.js'
import { msgpack } from '#dist/rpc/codec/msgpack.js'
import { joined } from '#dist/session/bytes.js'
import type { Meta } from '#dist/session/opener.js'
import { concat, fromHex } from '../codec/hex.ts'
import { encodeVarint } from '../codec/varint.ts'
import { root } from '../sources.ts'
import { recordings } from '../sweeps/tapes.ts'
import { hello } from './hello.ts'
import { anyBytes } from './peer.ts'

export interface Target {
  run(input: Uint8Array): void
  /** What to begin with. */
  seeds(): Uint8Array[]
  /** Pieces worth putting in anywhere. */
  tokens(): Uint8Array[]
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const SHORT = 600

/** What it parses; undefined when it refuses as it should: with INVALID_INPUT or PROTOCOL, and nothing else. */
function parsed<T>(parse: () => T): { readonly value: T } | undefined {
  try {
    return { value: parse() }
  } catch (error) {
    if (!(error instanceof BraidError)) throw error
    assert.match(error.code, /^BRAID_(INVALID_INPUT|PROTOCOL)$/)
    return undefined
  }
}

/** Stands for what a reference leads to. */
class Place {
  readonly reference: Reference

  constructor(reference: Reference) {
    this.reference = reference
  }
}
const reader = { read: (reference: Reference): Place => new Place(reference) }
const writer = {
  write: (value: object): Reference | undefined => (value instanceof Place ? value.reference : undefined),
}

/** What a codec reads it can write, and reads that again as the same. */
function body(codec: Codec, input: Uint8Array): void {
  const first = parsed(() => codec.decode(input, defaultBounds, reader))
  if (first === undefined) return
  const once = joined(codec.encode(first.value, writer)).slice()
  const twice = joined(codec.encode(codec.decode(once, defaultBounds, reader), writer))
  assert.deepEqual(twice, once, 'written and read again it is another value')
  parsed(() => decodeBody(codec, input, defaultBounds, reader))
}

function address(input: Uint8Array): void {
  const text = decode(input)
  const first = parsed(() => parseAddress(text))
  if (first !== undefined) assert.deepEqual(parseAddress(formatAddress(first.value)), first.value)
}

/** Requests, answers and listings of files: metadata as JSON, messages as bytes. */
function files(input: Uint8Array): void {
  for (const { path, size, mtimeMs } of parsed(() => parseBatch(input))?.value ?? []) {
    assert.equal(pathFault(path), undefined)
    assert.ok(Number.isSafeInteger(size) && size >= 0 && typeof mtimeMs === 'number')
  }
  let meta: Meta
  try {
    meta = JSON.parse(decode(input)) as Meta
  } catch {
    meta = input
  }
  for (const parse of [parseFileRequest, parseListRequest, parseInfo, parseSum]) parsed(() => parse(meta))
  const path = decode(input)
  for (const windows of [false, true]) {
    if (pathFault(path, windows) !== undefined) continue
    assert.ok(!path.startsWith('/') && !path.split('/').includes('..'), path)
  }
}

interface Values {
  readonly values: readonly { readonly msgpack: string; readonly json: unknown }[]
  readonly refused: readonly { readonly msgpack?: string; readonly text?: string }[]
}
const values = (): Values => JSON.parse(readFileSync(join(root, 'test/conformance/values.json'), 'utf8')) as Values

const engineSeeds = (): Uint8Array[] =>
  recordings()
    .filter(({ input }) => input.length <= SHORT)
    .map(({ name, input }) => concat([Uint8Array.of(name.endsWith('b') ? 1 : 8), input]))

const frames = (): Uint8Array[] =>
  recordings()
    .filter(({ input }) => input.length <= SHORT)
    .flatMap(({ tape }) => tape.ops.flatMap((op) => (op.do === 'receive' ? [op.bytes] : [])))

const request =
  '{"path":"a/b","offset":3,"recursive":true,"size":1,"mtimeMs":2.5,"sha256":"00","folder":true,"skipped":2}'

export const targets: Readonly<Record<string, Target>> = {
  engine: { run: anyBytes, seeds: engineSeeds, tokens: frames },
  hello: {
    run: hello,
    seeds: () => [none(), fromHex('00 02 01 01 02 04 80 01 00 00 40 46 00'), fromHex('08 02 61 62 09 01 63 05 01 20')],
    tokens: () =>
      Array.from({ length: 11 }, (_, key) => Uint8Array.from([...encodeVarint(key), 4, ...encodeVarint(65_536 + key)])),
  },
  msgpack: {
    run: (input) => body(msgpack, input),
    seeds: () =>
      [...values().values, ...values().refused].flatMap((each) => (each.msgpack ? [fromHex(each.msgpack)] : [])),
    tokens: () =>
      values()
        .values.map((each) => fromHex(each.msgpack))
        .filter(({ length }) => length < 16),
  },
  json: {
    run: (input) => body(json, input),
    seeds: () =>
      [
        ...values().values.map((each) => encode(JSON.stringify(each.json))),
        ...values().refused.flatMap(({ text }) => (text === undefined ? [] : [encode(text)])),
      ].filter(({ length }) => length < SHORT),
    tokens: () => ['{"$":["', '"]}', '"args":', '"metadata":', '[', ']', '\\u0000', '1e400'].map(encode),
  },
  address: {
    run: address,
    seeds: () => ['tcp://127.0.0.1:4000', 'tcp://[::1]:0/', 'unix:/tmp/a', 'unix:b', 'tcp://:1'].map(encode),
    tokens: () => ['tcp://', 'unix:', '[', ']', ':', '//', '65536', '\0', '%00', '@'].map(encode),
  },
  files: {
    run: files,
    seeds: () => [request, '[["a/b",3,1.5],["c",null,0]]', 'a/b', 'c:\\x', 'con .txt'].map(encode),
    tokens: () => ['../', '/', '"path":', '[["', '",1,2]]', '%2f', 'nul', ' .', 'null', '1e999'].map(encode),
  },
}

function none(): Uint8Array {
  return new Uint8Array(0)
}
