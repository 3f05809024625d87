// Bodies of calls that are made to hurt whoever reads them. Each fits one frame; each must be an error of its own call.

import { Buffer } from 'node:buffer'
import { concat } from '../codec/hex.ts'

export interface Bombs {
  readonly id: string
  readonly codec: string
  readonly bodies: readonly Uint8Array[]
}

const text = (value: string): Uint8Array => Buffer.from(value)
const repeat = (part: readonly number[], count: number): Uint8Array =>
  Uint8Array.from(Array.from({ length: count }, () => part).flat())

const written: readonly string[] = [
  '['.repeat(60_000),
  '['.repeat(30_000) + ']'.repeat(30_000),
  `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  `[${Array(20_000).fill('{}').join()}]`,
  `[{${Array.from({ length: 6000 }, (_, n) => `"k${n}":[]`).join()}}]`,
  '[{"__proto__":{"x":1}}]',
  '[{"then":{"$":["function",0]}}]',
  '[1e999]',
  `[${'9'.repeat(60_000)}]`,
  `[{"$":["bigint","${'9'.repeat(60_000)}"]}]`,
]

const most = [0xff, 0xff, 0xff, 0xff]
const packed: readonly Uint8Array[] = [
  repeat([0x91], 60_000),
  repeat([0x81, 0xa1, 0x61], 20_000),
  Uint8Array.of(0x91, 0xdd, ...most),
  Uint8Array.of(0x91, 0xdf, ...most),
  Uint8Array.of(0x91, 0xc6, ...most),
  Uint8Array.of(0x91, 0xdb, ...most),
  concat([Uint8Array.of(0x91, 0xdc, 0xea, 0x60), repeat([0x80], 60_000)]),
  concat([Uint8Array.of(0x91, 0xdc, 0xea, 0x60), repeat([0x90], 60_000)]),
  concat([Uint8Array.of(0x91, 0x81, 0xa9), text('__proto__'), Uint8Array.of(0x81, 0xa1, 0x78, 1)]),
  concat([Uint8Array.of(0x91, 0x81, 0xa4), text('then'), Uint8Array.of(0xd5, 19, 0, 0)]),
  Uint8Array.of(0x91, 0xcf, ...most, ...most),
]

export const bombs: readonly Bombs[] = [
  { id: 'A12', codec: 'json', bodies: written.map(text) },
  { id: 'A12b', codec: 'msgpack', bodies: packed },
]
