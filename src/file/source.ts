// What a transfer reads from and writes to: FileSource and FileSink, with a Blob and an in-memory implementation.
// Knows no stream and no platform; whoever makes a source or sink also hands in the hash that runs over its bytes.

import { BraidError } from '../engine/errors.ts'

/** A running SHA-256. `sha256()` of 'braidwire/node' makes one on Node. */
export interface FileHash {
  update(bytes: Uint8Array): void
  /** The sum of everything so far, as 64 lower-case hexadecimal digits. Called once, at the end. */
  digest(): string | Promise<string>
}

/** What is known of a file before its first byte. */
export interface FileInfo {
  /** Length in bytes. */
  readonly size: number
  /** Last change, in ms since 1970; 0 when unknown. */
  readonly mtimeMs: number
}

/** Where the bytes of one transfer come from; read once, from the beginning. */
export interface FileSource extends FileInfo {
  readonly hash: FileHash
  /** The next bytes in order, which become the caller's; null after `size` bytes. */
  read(): Promise<Uint8Array | null>
  /** Called exactly once, whatever happened. */
  close(): Promise<void>
}

/** Where the bytes of one transfer go. Nothing may be visible under the final name before `commit`. */
export interface FileSink {
  readonly hash: FileHash
  /** How many bytes of the file it holds already, hashed: the transfer goes on behind them. Default 0. */
  readonly offset?: number
  /** The other side has the file; called once, first. */
  open(info: FileInfo): Promise<void>
  /** Takes the bytes over. False: taken, but wait for `ready`. Throws when an earlier write failed. */
  write(bytes: Uint8Array): boolean
  /** Resolves when there is room again. */
  ready(): Promise<void>
  /** Every byte has come and the sum is right: put the file in place. */
  commit(): Promise<void>
  /** The transfer failed, at any point: leave nothing behind. Never rejects. */
  abort(): Promise<void>
}

/** The members of a `Blob` or `File` that are used. */
export interface BlobLike {
  readonly size: number
  readonly lastModified?: number
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

const readBytes = 128 * 1024
const memoryBytesMax = 16 * 1024 * 1024

/**
 * A source that reads a `Blob` or `File` piece by piece, never whole.
 *
 * @param hash a fresh hash; it must not be shared with another transfer.
 *
 * @example
 * import { blobSource } from 'braidwire/file'
 * import { sha256 } from 'braidwire/node'
 * const source = blobSource(new Blob(['hello']), sha256())
 * console.log(source.size) // 5
 */
export function blobSource(blob: BlobLike, hash: FileHash): FileSource {
  let position = 0
  return {
    size: blob.size,
    mtimeMs: blob.lastModified ?? 0,
    hash,
    async read() {
      if (position >= blob.size) return null
      const start = position
      position = Math.min(start + readBytes, blob.size)
      return new Uint8Array(await blob.slice(start, position).arrayBuffer())
    },
    async close() {},
  }
}

/** A sink that keeps the file in memory; see {@link bytesSink}. */
export interface BytesSink extends FileSink {
  /** The whole file, once it was committed. */
  readonly bytes: Uint8Array | undefined
}

/**
 * A sink for small files: `bytes` holds the file when the transfer has succeeded.
 *
 * @param maxBytes the largest file taken, in bytes. Default 16 MiB; a larger one fails with `BRAID_EXHAUSTED`.
 *
 * @example
 * import { blobSource, bytesSink, receiveFile, sendFile } from 'braidwire/file'
 * import { sha256 } from 'braidwire/node'
 * import { pair } from 'braidwire/test'
 * const [a, b] = pair()
 * b.handle('file', (stream) => sendFile(stream, blobSource(new Blob(['hello']), sha256())))
 * const sink = bytesSink(sha256())
 * await receiveFile(a.open('file'), sink)
 * console.log(new TextDecoder().decode(sink.bytes)) // 'hello'
 * await a.close()
 */
export function bytesSink(hash: FileHash, maxBytes: number = memoryBytesMax): BytesSink {
  let chunks: Uint8Array[] = []
  let held = 0
  let bytes: Uint8Array | undefined
  return {
    hash,
    get bytes() {
      return bytes
    },
    async open(info) {
      if (info.size > maxBytes) throw tooLarge(maxBytes)
    },
    write(chunk) {
      held += chunk.length
      if (held > maxBytes) throw tooLarge(maxBytes)
      chunks.push(chunk)
      return true
    },
    async ready() {},
    async commit() {
      const whole = new Uint8Array(held)
      let at = 0
      for (const chunk of chunks) {
        whole.set(chunk, at)
        at += chunk.length
      }
      chunks = []
      bytes = whole
    },
    async abort() {
      chunks = []
    },
  }
}

function tooLarge(maxBytes: number): BraidError {
  return new BraidError('EXHAUSTED', `the file is larger than the ${maxBytes} bytes kept in memory`, {
    scope: 'stream',
  })
}
