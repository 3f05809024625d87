// The bytes that travel: slices of one long random table, so that any byte's right value is known by its position.
// Knows nothing of streams.

import { Prng } from './prng.ts'

/** Largest slice in bytes, and a prime number of positions, so that no round size hides a shift. */
export const SLICE_MAX = 1 << 20
const POSITIONS = 262_139

const table = new Uint8Array(POSITIONS + SLICE_MAX)
const random = new Prng(20_240_229)
for (let at = 0; at < POSITIONS; at++) table[at] = random.uint32() & 0xff
for (let at = POSITIONS; at < table.length; at++) table[at] = table[at - POSITIONS] as number

/** The bytes from a position on. A view: whoever changes it breaks every later run, and `tableIsIntact` tells. */
export function slice(position: number, length: number): Uint8Array {
  const from = position % POSITIONS
  return table.subarray(from, from + length)
}

/** Index of the first byte that is not the pattern's, or -1. */
export function firstDifference(position: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; at += SLICE_MAX) {
    const part = bytes.subarray(at, at + SLICE_MAX)
    const right = slice(position + at, part.length)
    if (Buffer.compare(part, right) === 0) continue
    for (let index = 0; index < part.length; index++) if (part[index] !== right[index]) return at + index
  }
  return -1
}

const sum = checksum(table)

/** False when someone wrote into bytes that were lent out. */
export function tableIsIntact(): boolean {
  return checksum(table) === sum
}

/** A quick number to recognise bytes by (FNV-1a). */
export function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < bytes.length; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193)
  return hash >>> 0
}
