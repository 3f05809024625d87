// Bytes in one piece or several: telling them, counting them, joining them. Knows no stream and no limit.

import type { Bytes } from './opener.ts'

/** Whether somebody gave bytes, in one piece or several. */
export function isBytes(value: unknown): value is Bytes {
  if (value instanceof Uint8Array) return true
  return Array.isArray(value) && value.every((piece) => piece instanceof Uint8Array)
}

export function bytesIn(bytes: Bytes): number {
  if (bytes instanceof Uint8Array) return bytes.length
  return bytes.reduce((size, piece) => size + piece.length, 0)
}

/** Bytes in one piece, copied only when they were several, or when `room` bytes are to be free in front of them. */
export function joined(bytes: Bytes, room = 0): Uint8Array {
  if (bytes instanceof Uint8Array && room === 0) return bytes
  const whole = new Uint8Array(room + bytesIn(bytes))
  let end = room
  for (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) {
    whole.set(piece, end)
    end += piece.length
  }
  return whole
}
