// What recorded sessions carry: texts, metadata, and bytes that tell where they belong.

import type { RawMeta } from '#dist/engine/contract.js'

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
export const json = (value: unknown): RawMeta => ({ json: true, bytes: text(JSON.stringify(value)) })
export const none: Uint8Array = new Uint8Array(0)

const patterns = new Map<string, Uint8Array>()

/** Bytes that tell where they belong, so that a lost or doubled piece changes the digest. Made once: sweeps play thousands of times. */
export function pattern(size: number, seed = 1): Uint8Array {
  const key = `${size} ${seed}`
  let bytes = patterns.get(key)
  if (bytes === undefined) {
    bytes = new Uint8Array(size)
    let state = seed
    for (let at = 0; at < size; at++) {
      state = (state * 48_271) % 2_147_483_647
      bytes[at] = state & 255
    }
    patterns.set(key, bytes)
  }
  return bytes.slice()
}
