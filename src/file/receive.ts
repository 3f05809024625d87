// Receives one file from one stream into a sink, and lets it appear only when size and SHA-256 are right.
// Bytes go from the stream's callback to the sink without a promise each; a full sink pauses the stream.

import { BraidError } from '../engine/errors.ts'
import { quiet } from '../session/deferred.ts'
import type { Meta, Opener } from '../session/opener.ts'
import type { Stream } from '../session/stream.ts'
import { cancelOn, failStream } from './failure.ts'
import { fileStream, parseInfo, parseSum } from './offer.ts'
import type { TransferOptions, TransferReport } from './send.ts'
import type { FileSink } from './source.ts'

/**
 * Receives the file that the other side sends on this stream with `sendFile`, and puts it in place when it is whole.
 *
 * For the side that opened the stream (without `confirm`, since the answer carries the size). Ends its own half at once.
 * On failure the stream is reset and the sink left empty.
 *
 * @throws BraidError what ended the stream or the sink; `BRAID_INTEGRITY` when size or SHA-256 do not match.
 *
 * @example
 * import { blobSource, bytesSink, receiveFile, sendFile } from 'braidwire/file'
 * import { sha256 } from 'braidwire/node'
 * import { pair } from 'braidwire/test'
 * const [a, b] = pair()
 * b.handle('file', (stream) => sendFile(stream, blobSource(new Blob([`you asked for ${stream.meta.path}`]), sha256())))
 * const sink = bytesSink(sha256())
 * await receiveFile(a.open('file', { meta: { path: 'notes.txt' } }), sink)
 * console.log(new TextDecoder().decode(sink.bytes)) // 'you asked for notes.txt'
 * await a.close()
 */
export function receiveFile(stream: Stream, sink: FileSink, options: TransferOptions = {}): Promise<TransferReport> {
  return quiet(receive(stream, sink, options))
}

async function receive(stream: Stream, sink: FileSink, options: TransferOptions): Promise<TransferReport> {
  const forget = cancelOn(options.signal, stream)
  try {
    stream.end()
    const info = parseInfo(await stream.accepted)
    const offset = sink.offset ?? 0
    await sink.open(info)
    const trailer = await pourInto(sink, stream, offset, info.size, options.progress)
    const sha256 = await sink.hash.digest()
    if (parseSum(trailer) !== sha256) throw broken('the bytes that came are not the bytes of the file')
    await sink.commit()
    return { bytes: info.size - offset, size: info.size, sha256 }
  } catch (error) {
    const failure = failStream(stream, error)
    await sink.abort()
    throw failure
  } finally {
    forget()
  }
}

/**
 * Fetches one file of the folder that the other side serves with `serveFiles`.
 *
 * @throws BraidError `BRAID_NOT_FOUND`, `BRAID_DENIED`, `BRAID_INVALID_INPUT` (a folder) from the other side, and what
 * {@link receiveFile} throws.
 *
 * @example
 * import { mkdtemp, rm, writeFile } from 'node:fs/promises'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { bytesSink, fetchFile } from 'braidwire/file'
 * import { serveFiles, sha256 } from 'braidwire/node'
 * import { pair } from 'braidwire/test'
 * const folder = await mkdtemp(join(tmpdir(), 'served-'))
 * await writeFile(join(folder, 'notes.txt'), 'remember the milk')
 * const [a, b] = pair()
 * serveFiles(b, folder)
 * const sink = bytesSink(sha256())
 * await fetchFile(a, 'notes.txt', sink)
 * console.log(new TextDecoder().decode(sink.bytes)) // 'remember the milk'
 * await a.close()
 * await rm(folder, { recursive: true })
 */
export function fetchFile(
  opener: Opener,
  path: string,
  sink: FileSink,
  options: TransferOptions = {},
): Promise<TransferReport> {
  return quiet(fetchServed(opener, path, sink, options))
}

async function fetchServed(
  opener: Opener,
  path: string,
  sink: FileSink,
  options: TransferOptions,
): Promise<TransferReport> {
  return receive(await opener.open(fileStream, { meta: { path, offset: sink.offset ?? 0 } }), sink, options)
}

function pourInto(
  sink: FileSink,
  stream: Stream,
  offset: number,
  size: number,
  progress: TransferOptions['progress'],
): Promise<Meta | undefined> {
  return new Promise((resolve, reject) => {
    let done = offset
    let failed = false
    let waiting = false
    const fail = (error: unknown): void => {
      failed = true
      reject(error)
    }
    const resume = (): void => {
      waiting = false
      stream.resume()
    }
    const take = (bytes: Uint8Array): void => {
      done += bytes.length
      // Checked before it is written, so that no one can fill the disk beyond the size that was announced.
      if (done > size) return fail(broken('more bytes came than the file has'))
      sink.hash.update(bytes)
      if (!sink.write(bytes) && !waiting) {
        waiting = true
        stream.pause()
        sink.ready().then(resume, fail)
      }
      progress?.(done, size)
    }
    stream.receive({
      data(bytes) {
        if (failed) return
        try {
          take(bytes)
        } catch (error) {
          fail(error)
        }
      },
      end(trailer) {
        if (done === size) resolve(trailer)
        else fail(broken('the file ended early'))
      },
      failed: fail,
    })
  })
}

function broken(message: string): BraidError {
  return new BraidError('INTEGRITY', message, { scope: 'stream' })
}
