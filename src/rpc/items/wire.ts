// What travels on a stream of items: one message for each item, the end or the failure; and, the other way, the items granted.
// Numbers only: docs/PROTOCOL.md, "Streams of items".

import { BraidError } from '../../engine/errors.ts'

export const ITEM = 0
export const RETURNED = 1
export const FAILED = 2

/** Items that may be sent before the first grant. */
export const FIRST_GRANT = 256
/** The consumer grants more whenever it has taken so many. */
export const GRANT_STEP = 128
/** No honest consumer grants more than what it has taken. */
const GRANT_MAX = 2 ** 16

/** A message of one kind: its tag in the byte left for it. */
export function tagged(tag: number, message: Uint8Array): Uint8Array {
  message[0] = tag
  return message
}

/** A grant of `count` items: four bytes, big-endian. */
export function grantBytes(count: number): Uint8Array {
  return Uint8Array.of(count >>> 24, count >>> 16, count >>> 8, count)
}

/** Adds up grants from bytes that may arrive in any pieces. */
export class GrantReader {
  #count = 0
  #bytes = 0

  /** Items granted by these bytes. @throws BraidError `BRAID_INVALID_INPUT` for a grant no honest consumer makes. */
  read(chunk: Uint8Array): number {
    let granted = 0
    for (const byte of chunk) {
      this.#count = this.#count * 256 + byte
      if (++this.#bytes < 4) continue
      granted += this.#count
      this.#count = 0
      this.#bytes = 0
    }
    if (granted > GRANT_MAX)
      throw new BraidError('INVALID_INPUT', 'more items granted than were sent', { scope: 'stream' })
    return granted
  }
}
