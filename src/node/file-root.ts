// One served folder: which of its files and folders may be read, however a request names them.
// Every rule about escaping is here: the text of the path, dot names, symbolic links, and what the descriptor really is.

import fs from 'node:fs'
import { join, sep } from 'node:path'
import { BraidError } from '../engine/errors.ts'
import { batchEntries, type FileEntry } from '../file/list.ts'
import { isHidden, pathFault } from '../file/path.ts'
import type { FileInfo, FileSource } from '../file/source.ts'
import { quiet } from '../session/deferred.ts'
import { openToRead, sourceOf } from './file.ts'
import { closeFd, readFailure, statFd } from './file-system.ts'

const windows = process.platform === 'win32'

/** Options of a served folder. */
export interface FileRootOptions {
  /** Also list and serve names that begin with a dot. Default false. */
  hidden?: boolean | undefined
}

/** What lies at a path of the folder. */
export interface FilePlace extends FileInfo {
  readonly folder: boolean
  /** What is in it, in batches, if it is a folder. `leftOut` hears of each name left out because no request could name it. */
  entries(recursive: boolean, leftOut: () => void): AsyncIterable<FileEntry[]>
}

/** A folder that was opened for serving; see {@link openRoot}. */
export interface FileRoot {
  /** Its real path. */
  readonly path: string
  /** Opens a file of the folder. The errors are fit for the one who asked: they name nothing he did not name. */
  source(path: string): Promise<FileSource>
  /** Looks at a file or folder; '' is the folder itself. */
  place(path: string): Promise<FilePlace>
}

/**
 * Opens a folder for serving, to be shared by any number of sessions.
 *
 * Symbolic links inside it are followed as long as they stay inside; a walk through folders does not enter linked ones.
 *
 * @throws BraidError `BRAID_NOT_FOUND`, `BRAID_DENIED`, or `BRAID_INVALID_INPUT` when it is not a folder.
 *
 * @example
 * import { connect, listen } from 'braidwire'
 * import { listFiles } from 'braidwire/file'
 * import { openRoot, serveFiles } from 'braidwire/node'
 * const root = await openRoot('.')
 * const listener = await listen('tcp://127.0.0.1:0', (session) => serveFiles(session, root))
 * const session = await connect(listener.url)
 * const { folder } = await listFiles(session, '')
 * console.log(folder) // true
 * await session.close()
 * await listener.close()
 */
export function openRoot(folder: string, options: FileRootOptions = {}): Promise<FileRoot> {
  return quiet(open(folder, options))
}

async function open(folder: string, options: FileRootOptions): Promise<FileRoot> {
  try {
    const real = await fs.promises.realpath(folder)
    const stats = await fs.promises.stat(real)
    if (!stats.isDirectory()) throw new BraidError('INVALID_INPUT', 'it is not a folder')
    await fs.promises.access(real, fs.constants.R_OK | fs.constants.X_OK)
    return new ServedFolder(real, options.hidden === true)
  } catch (error) {
    throw readFailure(error)
  }
}

class ServedFolder implements FileRoot {
  readonly path: string
  readonly #hidden: boolean

  constructor(path: string, hidden: boolean) {
    this.path = path
    this.#hidden = hidden
  }

  async source(path: string): Promise<FileSource> {
    const real = await this.#locate(path)
    const fd = await openToRead(real, fs.constants.O_NOFOLLOW ?? 0)
    try {
      await this.#confirm(fd, real)
    } catch (error) {
      await closeFd(fs, fd)
      throw error
    }
    return sourceOf(fd)
  }

  async place(path: string): Promise<FilePlace> {
    const real = path === '' ? this.path : await this.#locate(path)
    const stats = await fs.promises.stat(real).catch((error) => {
      throw readFailure(error)
    })
    const folder = stats.isDirectory()
    if (!folder && !stats.isFile()) throw missing()
    return {
      folder,
      size: folder ? 0 : stats.size,
      mtimeMs: stats.mtimeMs,
      entries: (recursive, leftOut) => this.#walk(real, recursive, leftOut),
    }
  }

  /** The real path a request means, if it may mean one. */
  async #locate(path: string): Promise<string> {
    const fault = pathFault(path, windows)
    if (fault !== undefined) throw new BraidError('DENIED', `the path ${fault}`, { scope: 'stream' })
    if (isHidden(path) && !this.#hidden) throw missing()
    const real = await fs.promises.realpath(join(this.path, path)).catch((error) => {
      throw readFailure(error)
    })
    this.#admit(real)
    return real
  }

  /** What a link leads to must be inside, and no dot name either: a link must not show what its name would hide. */
  #admit(real: string): void {
    const inside = this.#inside(real)
    if (inside === undefined) throw outside()
    if (!this.#hidden && isHidden(inside)) throw missing()
  }

  /** The path below the folder, with `/`; undefined when it is not below it. */
  #inside(real: string): string | undefined {
    if (real === this.path) return ''
    const prefix = this.path.endsWith(sep) ? this.path : this.path + sep
    if (!real.startsWith(prefix)) return undefined
    const below = real.slice(prefix.length)
    return sep === '/' ? below : below.replaceAll(sep, '/')
  }

  /**
   * Checks what was really opened, since a folder on the way may have become a link after it was looked at. Linux tells
   * the path of a descriptor; elsewhere the path, looked up once more, must still lead to the same file.
   */
  async #confirm(fd: number, real: string): Promise<void> {
    const told = await fs.promises.readlink(`/proc/self/fd/${fd}`).catch(() => undefined)
    if (told !== undefined) return this.#admit(told)
    const [again, opened] = await Promise.all([fs.promises.realpath(real), statFd(fd)]).catch((error) => {
      throw readFailure(error)
    })
    const there = await fs.promises.stat(again).catch((error) => {
      throw readFailure(error)
    })
    if (again !== real || there.ino !== opened.ino || there.dev !== opened.dev) throw outside()
  }

  async *#walk(folder: string, recursive: boolean, leftOut: () => void): AsyncGenerator<FileEntry[], void, void> {
    const waiting = ['']
    for (let prefix = waiting.pop(); prefix !== undefined; prefix = waiting.pop()) {
      const found: string[] = []
      for await (const batch of this.#read(folder, prefix, recursive, leftOut)) {
        for (const entry of batch) if (recursive && entry.folder) found.push(`${entry.path}/`)
        yield batch
      }
      for (const path of found.reverse()) waiting.push(path)
    }
  }

  /** One folder; `prefix` is its path below the one that was asked for, with a slash at the end. */
  async *#read(
    folder: string,
    prefix: string,
    recursive: boolean,
    leftOut: () => void,
  ): AsyncGenerator<FileEntry[], void, void> {
    const here = join(folder, prefix)
    const entries = await this.#openFolder(here, prefix)
    if (entries === undefined) return leftOut()
    let batch: Promise<FileEntry | undefined>[] = []
    const settle = async () => (await Promise.all(batch)).filter((entry) => entry !== undefined)
    for await (const entry of entries) {
      if (!this.#hidden && entry.name.startsWith('.')) continue
      if (pathFault(prefix + entry.name, windows) !== undefined || entry.name.includes('\ufffd')) {
        leftOut()
        continue
      }
      batch.push(this.#entry(entry, join(here, entry.name), prefix + entry.name, recursive))
      if (batch.length < batchEntries) continue
      yield await settle()
      batch = []
    }
    if (batch.length > 0) yield await settle()
  }

  /** Undefined for a folder below the one asked for that cannot be read: the rest of the listing goes on. */
  async #openFolder(here: string, prefix: string): Promise<fs.Dir | undefined> {
    let entries: fs.Dir | undefined
    try {
      entries = await fs.promises.opendir(here, { bufferSize: 256 })
      // The same question as for files, asked after opening: is this still the folder that was looked at?
      const real = await fs.promises.realpath(here)
      if (join(real, sep) === join(here, sep)) return entries
      throw outside()
    } catch (error) {
      await entries?.close()
      if (prefix !== '') return undefined
      throw readFailure(error)
    }
  }

  /** What a listing says of one name: undefined for what is not served, such as sockets and links that lead outside. */
  async #entry(entry: fs.Dirent, real: string, path: string, recursive: boolean): Promise<FileEntry | undefined> {
    try {
      if (entry.isSymbolicLink()) this.#admit(await fs.promises.realpath(real))
      const stats = await fs.promises.stat(real)
      if (stats.isFile()) return { path, folder: false, size: stats.size, mtimeMs: stats.mtimeMs }
      // A walk that entered linked folders might never end.
      if (!stats.isDirectory() || (entry.isSymbolicLink() && recursive)) return undefined
      return { path, folder: true, size: 0, mtimeMs: stats.mtimeMs }
    } catch {
      return undefined
    }
  }
}

function missing(): BraidError {
  return new BraidError('NOT_FOUND', 'there is no such file', { scope: 'stream' })
}

function outside(): BraidError {
  return new BraidError('DENIED', 'it lies outside the served folder', { scope: 'stream' })
}
