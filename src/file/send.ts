// Sends one file down one stream: answer, bytes, trailer. Owns the order of a transfer at the side that was asked.
// Knows a FileSource, not where it reads from; at most two of its chunks are alive besides what the stream queues.

import { BraidError } from '../engine/errors.ts'
import { quiet } from '../session/deferred.ts'
import type { Stream } from '../session/stream.ts'
import { cancelOn, failStream } from './failure.ts'
import { parseOffset } from './offer.ts'
import type { FileSource } from './source.ts'

/** Options of {@link sendFile} and `receiveFile`. */
export interface TransferOptions {
  /** Aborting gives the transfer up: the stream is reset with CANCELLED, and the promise rejects. */
  signal?: AbortSignal | undefined
  /** Called after each piece with the bytes of the file that are done and its size, in bytes. */
  progress?: ((done: number, size: number) => void) | undefined
}

/** How a transfer ended. */
export interface TransferReport {
  /** Bytes that went over the stream. */
  readonly bytes: number
  /** Size of the whole file, in bytes. */
  readonly size: number
  /** SHA-256 of the whole file, in hexadecimal digits. */
  readonly sha256: string
}

/**
 * Answers a stream with a file: size and time as its answer, then the bytes, then the SHA-256 as its trailer.
 *
 * For the handler of a stream that the other side opened to ask for the file. When the OPEN's metadata holds an
 * `offset`, the bytes before it are hashed but not sent. Resolves when everything has been handed to the session; the
 * source is closed in any case, and a failure resets the stream with its code.
 *
 * @throws BraidError what ended the stream or the source; `BRAID_INTEGRITY` when the file shrank on the way.
 *
 * @example
 * import { blobSource, bytesSink, receiveFile, sendFile } from 'braidwire/file'
 * import { sha256 } from 'braidwire/node'
 * import { pair } from 'braidwire/test'
 * const [a, b] = pair()
 * b.handle('report', (stream) => sendFile(stream, blobSource(new Blob(['all is well']), sha256())))
 * const { size } = await receiveFile(a.open('report'), bytesSink(sha256()))
 * console.log(size) // 11
 * await a.close()
 */
export function sendFile(stream: Stream, source: FileSource, options: TransferOptions = {}): Promise<TransferReport> {
  return quiet(answer(stream, source, options))
}

async function answer(stream: Stream, source: FileSource, options: TransferOptions): Promise<TransferReport> {
  const forget = cancelOn(options.signal, stream)
  try {
    const offset = parseOffset(stream.meta)
    if (offset > source.size) {
      throw new BraidError('INVALID_INPUT', `the file ends before the offset ${offset}`, { scope: 'stream' })
    }
    stream.accept({ size: source.size, mtimeMs: source.mtimeMs })
    await pour(stream, source, offset, options.progress)
    const sha256 = await source.hash.digest()
    stream.end({ sha256 })
    await stream.ready // a receiver that gave up before the end has not got it
    return { bytes: source.size - offset, size: source.size, sha256 }
  } catch (error) {
    throw failStream(stream, error)
  } finally {
    forget()
    await source.close()
  }
}

async function pour(
  stream: Stream,
  source: FileSource,
  offset: number,
  progress: TransferOptions['progress'],
): Promise<void> {
  let position = 0
  // One read ahead, so that disk and hash work at the same time.
  let next = readAhead(source)
  try {
    for (;;) {
      const chunk = await next
      if (chunk === null) break
      next = readAhead(source)
      source.hash.update(chunk)
      const known = Math.min(Math.max(offset - position, 0), chunk.length)
      position += chunk.length
      if (known === chunk.length) continue
      const room = stream.write(known === 0 ? chunk : chunk.subarray(known))
      progress?.(position, source.size)
      if (!room) await stream.ready
    }
  } finally {
    // A source must not be closed under a read that is still going on.
    await next.catch(() => null)
  }
  if (position !== source.size) {
    throw new BraidError('INTEGRITY', 'the file changed while it was being sent', { scope: 'stream' })
  }
}

function readAhead(source: FileSource): Promise<Uint8Array | null> {
  const reading = source.read()
  reading.catch(() => null)
  return reading
}
