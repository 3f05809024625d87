// Bytes as text and back: base64 with padding, one form for each (RFC 4648 section 4).
// Knows nothing around it.

import { badValue } from './limits.ts'

const alphabet = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const PADDING = 61
const NONE = 255
const digits = new Uint8Array(128).fill(NONE)
for (const [digit, character] of alphabet.entries()) digits[character] = digit

const decoder = new TextDecoder()

export function toBase64(bytes: Uint8Array): string {
  const text = new Uint8Array(Math.ceil(bytes.length / 3) * 4)
  let at = 0
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index
    const three = (bytes[index]! << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    text[at++] = alphabet[three >> 18]!
    text[at++] = alphabet[(three >> 12) & 63]!
    text[at++] = left > 1 ? alphabet[(three >> 6) & 63]! : PADDING
    text[at++] = left > 2 ? alphabet[three & 63]! : PADDING
  }
  return decoder.decode(text)
}

/** @throws BraidError `BRAID_INVALID_INPUT` for any text but the one `toBase64` writes. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw wrong()
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  const end = text.length - padding
  let at = 0
  let bits = 0
  let held = 0
  for (let index = 0; index < end; index++) {
    const digit = digits[text.charCodeAt(index)] ?? NONE
    if (digit === NONE) throw wrong()
    held = ((held << 6) | digit) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = held >> bits
    }
  }
  if ((held & ((1 << bits) - 1)) !== 0) throw wrong()
  return bytes
}

function wrong(): Error {
  return badValue('bytes that are not in base64')
}
