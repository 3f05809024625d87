// FileSource and FileSink on Node's file system, and Node's SHA-256.
// Opens what it is told to open: which paths a stranger may name is the business of file-root.ts.

import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { BraidError } from '../engine/errors.ts'
import type { FileHash, FileSink, FileSource } from '../file/source.ts'
import { quiet } from '../session/deferred.ts'
import {
  closeFd,
  makeFolder,
  openFd,
  readFailure,
  readFd,
  type SinkFs,
  statFd,
  syncFd,
  writeFailure,
} from './file-system.ts'

// Large enough that a trip through the thread pool costs little beside it, small enough for hundreds at a time.
const readBytesMax = 128 * 1024
// A sink asks for a pause when this much waits for the disk.
const queuedBytesMax = 512 * 1024

/** Options of {@link fileSink}. */
export interface FileSinkOptions {
  /** Wait until the bytes are on the disk before the file gets its name. Default true. */
  sync?: boolean | undefined
  /** Stands in for `node:fs`. */
  fs?: SinkFs | undefined
}

/**
 * A fresh SHA-256 of `node:crypto`, for sources and sinks.
 *
 * @example
 * import { sha256 } from 'braidwire/node'
 * const hash = sha256()
 * hash.update(new TextEncoder().encode('abc'))
 * console.log(hash.digest()) // 'ba7816bf...'
 */
export function sha256(): FileHash {
  const hash = createHash('sha256')
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') }
}

/**
 * A source that reads a file of this machine; any path, so never one that a stranger chose: see `serveFiles`.
 *
 * @throws BraidError `BRAID_NOT_FOUND`, `BRAID_DENIED`, `BRAID_INVALID_INPUT` (a folder), `BRAID_EXHAUSTED`.
 *
 * @example
 * import { fileURLToPath } from 'node:url'
 * import { bytesSink, receiveFile, sendFile } from 'braidwire/file'
 * import { fileSource, sha256 } from 'braidwire/node'
 * import { pair } from 'braidwire/test'
 * const [a, b] = pair()
 * b.handle('yourself', async (stream) => sendFile(stream, await fileSource(fileURLToPath(import.meta.url))))
 * const { size } = await receiveFile(a.open('yourself'), bytesSink(sha256()))
 * console.log(size > 0) // true
 * await a.close()
 */
export function fileSource(path: string): Promise<FileSource> {
  return quiet(openToRead(path).then(sourceOf))
}

/** Opens without waiting, so that a named pipe nobody writes to cannot hold a thread. */
export async function openToRead(path: string, flags = 0): Promise<number> {
  try {
    return await openFd(fs, path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0) | flags)
  } catch (error) {
    throw readFailure(error)
  }
}

/** The source that reads an open descriptor and closes it. When it is not of an ordinary file: closed, and an error. */
export async function sourceOf(fd: number): Promise<FileSource> {
  try {
    const stats = await statFd(fd)
    if (stats.isDirectory()) throw new BraidError('INVALID_INPUT', 'it is a folder', { scope: 'stream' })
    if (!stats.isFile()) throw new BraidError('DENIED', 'it is not an ordinary file', { scope: 'stream' })
    return new DiskSource(fd, stats.size, stats.mtimeMs)
  } catch (error) {
    await closeFd(fs, fd)
    throw readFailure(error)
  }
}

class DiskSource implements FileSource {
  readonly hash: FileHash = sha256()
  readonly size: number
  readonly mtimeMs: number
  readonly #fd: number
  #position = 0

  constructor(fd: number, size: number, mtimeMs: number) {
    this.#fd = fd
    this.size = size
    this.mtimeMs = mtimeMs
  }

  async read(): Promise<Uint8Array | null> {
    const length = Math.min(this.size - this.#position, readBytesMax)
    if (length === 0) return null
    // Memory of its own, not a slice of Node's pool: the chunk travels on, and would keep the whole pool alive.
    const buffer = Buffer.allocUnsafeSlow(length)
    const count = await readFd(this.#fd, buffer, this.#position).catch((error) => {
      throw readFailure(error)
    })
    this.#position += count
    if (count === 0) return null
    return count === length ? buffer : buffer.subarray(0, count)
  }

  close(): Promise<void> {
    return closeFd(fs, this.#fd)
  }
}

/**
 * A sink that writes a file of this machine: into a temporary file beside the target, which then takes its name.
 *
 * So a file under its final name is always whole, and one that was there is replaced in one step; with `sync` also when
 * the power fails. Missing folders are made. A failed transfer leaves nothing; only a process killed on the spot leaves
 * its temporary file (`.braid-*.part`).
 *
 * @throws BraidError (in use) `BRAID_INVALID_INPUT` when a folder is in the way, `BRAID_DENIED`, `BRAID_EXHAUSTED` when
 * the disk is full.
 *
 * @example
 * import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { fetchFile } from 'braidwire/file'
 * import { fileSink, serveFiles } from 'braidwire/node'
 * import { pair } from 'braidwire/test'
 * const folder = await mkdtemp(join(tmpdir(), 'served-'))
 * await writeFile(join(folder, 'notes.txt'), 'remember the milk')
 * const [a, b] = pair()
 * serveFiles(b, folder)
 * await fetchFile(a, 'notes.txt', fileSink(join(folder, 'copies', 'notes.txt')))
 * console.log(await readFile(join(folder, 'copies', 'notes.txt'), 'utf8')) // 'remember the milk'
 * await a.close()
 * await rm(folder, { recursive: true })
 */
export function fileSink(path: string, options: FileSinkOptions = {}): FileSink {
  return new DiskSink(path, options.sync ?? true, options.fs ?? fs)
}

class DiskSink implements FileSink {
  readonly hash: FileHash = sha256()
  readonly #path: string
  readonly #temporary: string
  readonly #sync: boolean
  readonly #fs: SinkFs
  #fd = -1
  #made = false
  #position = 0
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #writing = false
  #error: BraidError | undefined
  #waiters: (() => void)[] = []

  constructor(path: string, sync: boolean, system: SinkFs) {
    this.#path = path
    // In the same folder, since a rename cannot cross file systems; under a short name, since the target's may be as
    // long as names can be; unguessable, so that nobody else's file is there already.
    this.#temporary = join(dirname(path), `.braid-${randomBytes(6).toString('hex')}.part`)
    this.#sync = sync
    this.#fs = system
  }

  async open(): Promise<void> {
    const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants
    try {
      const there = await this.#fs.promises.lstat(this.#path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
      })
      if (there?.isDirectory()) throw new BraidError('INVALID_INPUT', 'a folder is in its place', { scope: 'stream' })
      if (!there) await makeFolder(this.#fs, dirname(this.#path))
      this.#fd = await openFd(this.#fs, this.#temporary, O_CREAT | O_EXCL | O_WRONLY)
      this.#made = true
    } catch (error) {
      throw writeFailure(error)
    }
  }

  write(bytes: Uint8Array): boolean {
    if (this.#error !== undefined) throw this.#error
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.length
    if (!this.#writing) this.#flush()
    return this.#queuedBytes < queuedBytesMax
  }

  async ready(): Promise<void> {
    while (this.#queuedBytes >= queuedBytesMax && this.#error === undefined) await this.#written()
    if (this.#error !== undefined) throw this.#error
  }

  async commit(): Promise<void> {
    while (this.#writing) await this.#written()
    if (this.#error !== undefined) throw this.#error
    try {
      if (this.#sync) await syncFd(this.#fs, this.#fd)
      await this.#close()
      await this.#fs.promises.rename(this.#temporary, this.#path)
    } catch (error) {
      throw writeFailure(error)
    }
  }

  async abort(): Promise<void> {
    this.#error ??= new BraidError('CANCELLED', 'the transfer was given up', { scope: 'stream' })
    while (this.#writing) await this.#written()
    await this.#close()
    if (this.#made) await this.#fs.promises.unlink(this.#temporary).catch(() => {})
  }

  /** Writes all that waits in one call; what comes meanwhile makes the next one. */
  #flush(): void {
    const batch = this.#queue
    this.#queue = []
    this.#writing = true
    this.#fs.writev(this.#fd, batch, this.#position, (error, written) => {
      this.#writing = false
      if (error !== null) {
        this.#error ??= writeFailure(error)
        this.#queue = []
      } else {
        this.#position += written
        this.#queuedBytes -= written
        const left = unwritten(batch, written)
        if (left.length > 0) this.#queue = left.concat(this.#queue)
      }
      if (this.#queue.length > 0 && this.#error === undefined) this.#flush()
      const waiters = this.#waiters
      this.#waiters = []
      for (const wake of waiters) wake()
    })
  }

  /** Resolves when the write under way has ended. */
  #written(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve)
    })
  }

  async #close(): Promise<void> {
    if (this.#fd === -1) return
    const fd = this.#fd
    this.#fd = -1
    await closeFd(this.#fs, fd)
  }
}

/** What a write that came up short has left; usually nothing. */
function unwritten(batch: Uint8Array[], written: number): Uint8Array[] {
  let from = written
  for (let i = 0; i < batch.length; i++) {
    const bytes = batch[i]!
    if (from < bytes.length) return [bytes.subarray(from), ...batch.slice(i + 1)]
    from -= bytes.length
  }
  return []
}
