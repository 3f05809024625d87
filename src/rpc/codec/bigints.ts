// Whole numbers of any size as bytes: two's complement, big-endian, in as few bytes as it takes.
// Knows no format around them.

import { badValue, cannotSend } from './limits.ts'

/** Largest bigint that travels, in bytes: parsing cost grows with its square. */
export const BIGINT_BYTES_MAX = 1024

export function bigintBytes(value: bigint): Uint8Array {
  // A negative number needs as many bytes as its complement: both leave the top bit for the sign.
  let digits = (value < 0n ? ~value : value).toString(16)
  if (digits.length % 2 === 1) digits = `0${digits}`
  else if (digits.charCodeAt(0) >= 56) digits = `00${digits}` // '8' and up: the top bit is taken
  const length = digits.length / 2
  if (length > BIGINT_BYTES_MAX) throw cannotSend(`a bigint of more than ${BIGINT_BYTES_MAX} bytes`)
  const flip = value < 0n ? 0xff : 0
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index++) {
    bytes[index] = Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16) ^ flip
  }
  return bytes
}

export function bigintFrom(bytes: Uint8Array): bigint {
  if (bytes.length === 0 || bytes.length > BIGINT_BYTES_MAX) throw badValue(`a bigint of ${bytes.length} bytes`)
  let digits = '0x'
  for (const byte of bytes) digits += byte < 16 ? `0${byte.toString(16)}` : byte.toString(16)
  return BigInt.asIntN(bytes.length * 8, BigInt(digits))
}
