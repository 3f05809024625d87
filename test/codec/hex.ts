// Bytes as people write them in the specification, the vectors and the transcripts: hex with spaces and `|` between fields.

/** The bytes of a hex text; spaces and bars only help the eye. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/[\s|]/g, '')
  if (digits.length % 2 !== 0 || /[^0-9a-f]/.test(digits)) throw new SyntaxError(`not hex: ${text}`)
  return new Uint8Array(Buffer.from(digits, 'hex'))
}

/** Two digits a byte, without spaces. */
export function toHex(bytes: Iterable<number>): string {
  const array = bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes)
  return Buffer.from(array.buffer, array.byteOffset, array.length).toString('hex')
}

/** All chunks in one. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
