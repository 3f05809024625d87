// Chunks as carriers give and take them. Knows no carrier.

/** Up to here copying costs less than one more write. */
const JOIN_BYTES_MAX = 64 * 1024

/** Every frame takes a view of the chunk; a view of a Node Buffer is a Buffer, and half as dear again to make. */
export function plain(chunk: Uint8Array): Uint8Array {
  return chunk.constructor === Uint8Array ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
}

/** The same bytes for a carrier that takes one chunk a write: small ones joined, large ones as they are. */
export function joined(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  if (chunks.length < 2) return chunks
  const out: Uint8Array[] = []
  for (let first = 0; first < chunks.length; ) {
    let { length } = chunks[first]!
    let last = first + 1
    while (last < chunks.length && length + chunks[last]!.length <= JOIN_BYTES_MAX) length += chunks[last++]!.length
    out.push(last === first + 1 ? chunks[first]! : join(chunks.slice(first, last), length))
    first = last
  }
  return out
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
