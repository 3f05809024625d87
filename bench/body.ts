// What calls and items carry, as bytes or as text, and whether what came back is what was meant. Knows no contender.

import type { Body, Caller } from './adapter.ts'

/** So many bytes of one letter, as this contender's users would pass them. */
export function body(caller: Caller, bytes: number, letter: number): Body {
  const { passes } = caller
  if (passes === 'text') return Buffer.alloc(bytes, letter).toString()
  return passes === 'buffer' ? Buffer.alloc(bytes, letter) : new Uint8Array(bytes).fill(letter)
}

/** @throws Error when a reply is anything but so many bytes of that letter. */
export function verify(reply: Body, bytes: number, letter: number): void {
  const letters = typeof reply === 'string' ? Buffer.from(reply, 'latin1') : reply
  if (!(letters instanceof Uint8Array)) throw new Error(`a wrong answer: neither bytes nor text but ${typeof reply}`)
  if (letters.length !== bytes) throw new Error(`a wrong answer: ${letters.length} bytes, not ${bytes}`)
  const other = letters.findIndex((one) => one !== letter)
  if (other >= 0) throw new Error(`a wrong answer: ${letters[other]} at ${other}, not ${letter}`)
}
