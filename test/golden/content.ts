// What recorded sessions carry: texts, metadata, and bytes that tell where they belong.

import type { RawMeta } from '#dist/engine/contract.js'

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
export const json = (value: unknown): RawMeta => ({ json: true, bytes: text(JSON.stringify(value)) })
export const none: Uint8Array = new Uint8Array(0)

/** Bytes that tell where they belong, so that a lost or doubled piece changes the digest. */
export function pattern(size: number, seed = 1): Uint8Array {
  let state = seed
  return Uint8Array.from({ length: size }, () => {
    state = (state * 48_271) % 2_147_483_647
    return state & 255
  })
}
