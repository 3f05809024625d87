// Serves a folder to one session: `$file` streams carry files, `$list` streams carry listings.
// Decides nothing about paths (file-root.ts) and nothing about the order of a transfer (file/send.ts).

import { asBraidError, failStream } from '../file/failure.ts'
import { encodeBatch } from '../file/list.ts'
import { fileStream, listStream, parseFileRequest, parseListRequest } from '../file/offer.ts'
import { sendFile, type TransferReport } from '../file/send.ts'
import type { FileSource } from '../file/source.ts'
import type { Session } from '../session/session.ts'
import type { Stream } from '../session/stream.ts'
import { type FileRoot, type FileRootOptions, openRoot } from './file-root.ts'

/** Options of {@link serveFiles}. */
export interface ServeFilesOptions extends FileRootOptions {
  /** Called for each file that was sent whole. */
  sent?: ((path: string, report: TransferReport) => void) | undefined
}

/**
 * Serves a folder to the other side of a session, which reads it with `fetchFile` and `listFiles`.
 *
 * Reads only, and only below the folder: see `openRoot` for the rules. A folder given by its path is opened at the first
 * request.
 *
 * @param root a path, or an opened root, which many sessions can share.
 * @returns a function that stops serving; transfers under way go on.
 *
 * @example
 * import { listFiles } from 'braidwire/file'
 * import { serveFiles } from 'braidwire/node'
 * import { pair } from 'braidwire/test'
 * const [a, b] = pair()
 * serveFiles(b, '.')
 * const listing = await listFiles(a, '')
 * for await (const { path, folder } of listing.entries) console.log(folder ? `${path}/` : path)
 * await a.close()
 */
export function serveFiles(session: Session, root: string | FileRoot, options: ServeFilesOptions = {}): () => void {
  let opening: Promise<FileRoot> | undefined
  const opened = (): Promise<FileRoot> => {
    opening ??= typeof root === 'string' ? openRoot(root, options).catch(notYet) : Promise.resolve(root)
    return opening
  }
  // The folder may come to be later: the next request looks again.
  const notYet = (error: unknown): never => {
    opening = undefined
    throw error
  }
  const stopFiles = session.handle(fileStream, (stream) => sendFrom(opened, stream, options.sent))
  const stopLists = session.handle(listStream, (stream) => listFrom(opened, stream))
  return () => {
    stopFiles()
    stopLists()
  }
}

async function sendFrom(
  opened: () => Promise<FileRoot>,
  stream: Stream,
  sent: ServeFilesOptions['sent'],
): Promise<void> {
  const { path } = parseFileRequest(stream.meta)
  const root = await opened()
  const source = await root.source(path)
  let closed: Promise<void> | undefined
  const close = async (): Promise<void> => {
    closed = source.close()
  }
  const { size, mtimeMs, hash } = source
  const report = await sendUnlessGone(stream, { size, mtimeMs, hash, read: () => source.read(), close })
  // Told before the file is closed, which takes the disk a moment: whoever asked for it may end the program by then.
  if (report !== undefined) sent?.(path, report)
  await closed
}

/** A receiver that changes its mind is no failure of this side, and there is nobody left to tell. */
async function sendUnlessGone(stream: Stream, source: FileSource): Promise<TransferReport | undefined> {
  try {
    return await sendFile(stream, source)
  } catch (error) {
    if (asBraidError(error).initiator === 'remote') return undefined
    throw error
  }
}

async function listFrom(opened: () => Promise<FileRoot>, stream: Stream): Promise<void> {
  const { path, recursive } = parseListRequest(stream.meta)
  const root = await opened()
  const place = await root.place(path)
  stream.accept({ folder: place.folder, size: place.size, mtimeMs: place.mtimeMs })
  let entries = 0
  let skipped = 0
  try {
    if (place.folder) {
      for await (const batch of place.entries(recursive, () => skipped++)) {
        entries += batch.length
        if (!stream.send(encodeBatch(batch))) await stream.ready
      }
    }
    stream.end({ entries, skipped })
  } catch (error) {
    throw failStream(stream, error)
  }
}
