// What a HELLO says, by name: the entries of docs/PROTOCOL.md, section 4, with a missing key standing for its floor.

import { fromHex } from './hex.ts'
import type { Frame } from './layout.ts'
import { CodecError, decodeVarint } from './varint.ts'

/** One row of the table of section 4 that carries a number. */
export interface HelloKey {
  readonly key: number
  readonly name: string
  readonly floor: number
  readonly byDefault: number
  /** The 8-byte form is illegal. */
  readonly narrow: boolean
}

/** The numeric keys; 0 (versions), 8 (auth) and 9 (codec) have forms of their own. */
export const helloKeys: readonly HelloKey[] = [
  { key: 1, name: 'MAX_FRAME', floor: 16_384, byDefault: 65_536, narrow: true },
  { key: 2, name: 'STREAM_WINDOW', floor: 16_384, byDefault: 65_536, narrow: true },
  { key: 3, name: 'SESSION_WINDOW', floor: 65_536, byDefault: 33_554_432, narrow: true },
  { key: 4, name: 'STREAMS', floor: 32, byDefault: 256, narrow: false },
  { key: 5, name: 'CALLS', floor: 32, byDefault: 256, narrow: false },
  { key: 6, name: 'MAX_META', floor: 1_024, byDefault: 8_192, narrow: true },
  { key: 7, name: 'FEATURES', floor: 0, byDefault: 0, narrow: false },
]

/** First key that an unknown, random entry may have. */
export const GREASE_MIN = 64

/** What a HELLO declares. */
export interface Declared {
  readonly versions: readonly [number, number]
  readonly numbers: Readonly<Record<string, number>>
  readonly auth: string
  readonly codec: string
  /** Keys that version 1 does not know, in the order they came. */
  readonly unknown: readonly number[]
}

function number(bytes: Uint8Array, narrow: boolean): number {
  const read = decodeVarint(bytes, 0, bytes.length, narrow)
  if (read.next !== bytes.length) throw new CodecError('BAD_LIMITS', 'bytes left over in a HELLO value')
  return read.value
}

/** Reads the entries of a HELLO frame; throws BAD_LIMITS for what section 4 forbids. */
export function readHello(hello: Frame): Declared {
  const given = new Map<number, Uint8Array>()
  for (const entry of String(hello.fields.entries).split(' ')) {
    if (entry === '') continue
    const [key, value] = entry.split('=')
    if (given.has(Number(key))) throw new CodecError('BAD_LIMITS', `key ${key} twice`)
    given.set(Number(key), fromHex(value ?? ''))
  }
  if (given.size > 64) throw new CodecError('BAD_LIMITS', 'more than 64 entries')
  const versions = given.get(0) ?? Uint8Array.of(1, 1)
  const min = decodeVarint(versions, 0, versions.length, false)
  const max = number(versions.subarray(min.next), false)
  const numbers: Record<string, number> = {}
  for (const { key, name, floor, narrow } of helloKeys) {
    const value = given.get(key)
    numbers[name] = value === undefined ? floor : number(value, narrow)
    if ((numbers[name] as number) < floor) throw new CodecError('BAD_LIMITS', `${name} below ${floor}`)
  }
  return {
    versions: [min.value, max],
    numbers,
    auth: Buffer.from(given.get(8) ?? []).toString('hex'),
    codec: Buffer.from(given.get(9) ?? []).toString(),
    unknown: [...given.keys()].filter((key) => key > 9),
  }
}
