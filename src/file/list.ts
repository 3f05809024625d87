// The listing of a served folder: one message holds a batch of entries, so that a folder of any size needs little memory.
// Both directions of the format, and the side that asks; the side that walks a disk is elsewhere.

import { BraidError } from '../engine/errors.ts'
import { quiet } from '../session/deferred.ts'
import type { Meta, Opener } from '../session/opener.ts'
import type { Stream } from '../session/stream.ts'
import { cancelOn, failStream } from './failure.ts'
import { fields, isCount, listStream, parseInfo } from './offer.ts'
import { pathFault } from './path.ts'
import type { FileInfo } from './source.ts'

/** Entries in one message: some KiB of text, read and written in well under a millisecond. */
export const batchEntries = 64

/** One file or folder of a listing. */
export interface FileEntry extends FileInfo {
  /** Relative to the folder that was asked for, names separated by `/`. */
  readonly path: string
  /** True for a folder; its `size` is 0. */
  readonly folder: boolean
}

/** What lies at a path of the other side. */
export interface Listing extends FileInfo {
  /** True: `entries` yields what is in it. False: it is one file, and `entries` yields nothing. */
  readonly folder: boolean
  /** Read once; ending the loop early tells the other side to stop. */
  readonly entries: AsyncIterable<FileEntry>
  /** How many names were left out because they cannot be asked for; known after the last entry. */
  skipped(): number
}

/** Options of {@link listFiles}. */
export interface ListOptions {
  /** Also what is in folders below, each folder before what it holds. Default false. */
  recursive?: boolean | undefined
  /** Aborting resets the stream with CANCELLED, and the loop throws. */
  signal?: AbortSignal | undefined
}

/** One message of a listing. */
export function encodeBatch(entries: readonly FileEntry[]): Uint8Array {
  const rows = entries.map((entry) => [entry.path, entry.folder ? null : entry.size, entry.mtimeMs])
  return new TextEncoder().encode(JSON.stringify(rows))
}

/** Reads one message of a listing; a path that must not be used on this side is the other side's mistake. */
export function parseBatch(message: Uint8Array): FileEntry[] {
  let rows: unknown
  try {
    rows = JSON.parse(new TextDecoder().decode(message))
  } catch {
    throw malformed()
  }
  if (!Array.isArray(rows)) throw malformed()
  return rows.map(parseRow)
}

/**
 * Lists a path of the folder that the other side serves with `serveFiles`; '' is the folder itself.
 *
 * Resolves when the other side has said what the path is. Entries come in the order of the other side's disk.
 *
 * @throws BraidError `BRAID_NOT_FOUND` or `BRAID_DENIED` from the other side; the loop over `entries` throws what ends
 * the stream.
 *
 * @example
 * import { listFiles } from 'braidwire/file'
 * import { serveFiles } from 'braidwire/node'
 * import { pair } from 'braidwire/test'
 * const [a, b] = pair()
 * serveFiles(b, '.')
 * const listing = await listFiles(a, '')
 * for await (const entry of listing.entries) if (!entry.folder) console.log(entry.path, entry.size)
 * await a.close()
 */
export function listFiles(opener: Opener, path: string, options: ListOptions = {}): Promise<Listing> {
  return quiet(list(opener, path, options))
}

async function list(opener: Opener, path: string, options: ListOptions): Promise<Listing> {
  const stream = await opener.open(listStream, { meta: { path, recursive: options.recursive === true } })
  const forget = cancelOn(options.signal, stream)
  let skipped = 0
  try {
    stream.end()
    const answer = await stream.accepted
    return {
      ...parseInfo(answer),
      folder: fields(answer).folder === true,
      entries: readEntries(stream, forget, (count) => {
        skipped = count
      }),
      skipped: () => skipped,
    }
  } catch (error) {
    forget()
    throw failStream(stream, error)
  }
}

async function* readEntries(
  stream: Stream,
  forget: () => void,
  leftOut: (count: number) => void,
): AsyncGenerator<FileEntry, void, void> {
  try {
    for await (const message of stream.messages()) yield* parseBatch(message)
    leftOut(skippedOf(stream.trailer))
  } catch (error) {
    throw failStream(stream, error)
  } finally {
    forget()
  }
}

function skippedOf(trailer: Meta | undefined): number {
  const { skipped } = fields(trailer)
  return isCount(skipped) ? skipped : 0
}

function parseRow(row: unknown): FileEntry {
  if (!Array.isArray(row)) throw malformed()
  const [path, size, mtimeMs] = row
  if (typeof path !== 'string' || typeof mtimeMs !== 'number' || !(size === null || isCount(size))) throw malformed()
  // A hostile server must not name what would be written outside the folder of the one who asked.
  if (pathFault(path) !== undefined) throw malformed()
  return { path, folder: size === null, size: size ?? 0, mtimeMs }
}

function malformed(): BraidError {
  return new BraidError('PROTOCOL', 'the listing is malformed', { scope: 'stream' })
}
