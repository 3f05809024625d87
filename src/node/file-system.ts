// Node's file calls as promises on plain descriptors, and the one table from system errors to BraidErrors.
// Plain descriptors, because a source or sink of a hundred at once is read and written without an object for each step.

import fs from 'node:fs'
import { dirname } from 'node:path'
import { BraidError, type CodeName } from '../engine/errors.ts'

/** The calls of `node:fs` that a sink uses; a test hands in some that fail. */
export interface SinkFs {
  open(path: string, flags: number, mode: number, done: (error: NodeJS.ErrnoException | null, fd: number) => void): void
  writev(
    fd: number,
    buffers: readonly Uint8Array[],
    position: number,
    done: (error: NodeJS.ErrnoException | null, written: number) => void,
  ): void
  fdatasync(fd: number, done: (error: NodeJS.ErrnoException | null) => void): void
  close(fd: number, done: (error: NodeJS.ErrnoException | null) => void): void
  readonly promises: Pick<typeof fs.promises, 'lstat' | 'mkdir' | 'rename' | 'unlink'>
}

const reading: Record<string, readonly [CodeName, string]> = {
  ENOENT: ['NOT_FOUND', 'there is no such file'],
  ENOTDIR: ['NOT_FOUND', 'there is no such file'],
  ENAMETOOLONG: ['NOT_FOUND', 'there is no such file'],
  ELOOP: ['DENIED', 'it is a symbolic link that leads nowhere'],
  EACCES: ['DENIED', 'permission denied'],
  EPERM: ['DENIED', 'permission denied'],
  EISDIR: ['INVALID_INPUT', 'it is a folder'],
  ENXIO: ['DENIED', 'it is not an ordinary file'],
  ENODEV: ['DENIED', 'it is not an ordinary file'],
  EMFILE: ['EXHAUSTED', 'too many files are open'],
  ENFILE: ['EXHAUSTED', 'too many files are open'],
  ENOMEM: ['EXHAUSTED', 'there is not enough memory'],
}

const writing: typeof reading = {
  ...reading,
  ENOENT: ['NOT_FOUND', 'its folder is gone'],
  ENOTDIR: ['INVALID_INPUT', 'a file is in the place of its folder'],
  EEXIST: ['INVALID_INPUT', 'a file is in the place of its folder'],
  EISDIR: ['INVALID_INPUT', 'a folder is in its place'],
  ENAMETOOLONG: ['INVALID_INPUT', 'the name is too long'],
  ENOSPC: ['EXHAUSTED', 'the disk is full'],
  EDQUOT: ['EXHAUSTED', 'the disk quota is used up'],
  EFBIG: ['EXHAUSTED', 'the file is larger than the disk takes'],
  EROFS: ['DENIED', 'the disk is read-only'],
}

/** What a failed file call means to someone who reads a file. */
export function readFailure(error: unknown): BraidError {
  return failure(error, reading)
}

/** What a failed file call means to someone who writes one. */
export function writeFailure(error: unknown): BraidError {
  return failure(error, writing)
}

function failure(error: unknown, table: typeof reading): BraidError {
  if (error instanceof BraidError) return error
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error'
  const [name, message] = table[code] ?? ['INTERNAL', `the file system failed (${code})`]
  return new BraidError(name, message, { scope: 'stream', cause: error })
}

export function openFd(system: Pick<SinkFs, 'open'>, path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    system.open(path, flags, 0o666, (error, fd) => (error === null ? resolve(fd) : reject(error)))
  })
}

/**
 * Makes a folder and those above it that are missing. Not by Node's `recursive`: where the file system answers that a new
 * name does not exist though its folder does, as /proc and automounted folders do, that goes round for ever.
 */
export async function makeFolder(system: Pick<SinkFs, 'promises'>, path: string): Promise<void> {
  const make = (): Promise<unknown> =>
    system.promises.mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' || !(await fs.promises.stat(path)).isDirectory()) throw error
    })
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(system, dirname(path))
    await make()
  })
}

export function statFd(fd: number): Promise<fs.Stats> {
  return new Promise((resolve, reject) => {
    fs.fstat(fd, (error, stats) => (error === null ? resolve(stats) : reject(error)))
  })
}

/** Resolves with the number of bytes read; 0 is the end of the file. */
export function readFd(fd: number, into: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, into, 0, into.length, position, (error, count) => (error === null ? resolve(count) : reject(error)))
  })
}

/** Waits until the bytes of the file are on the disk. */
export function syncFd(system: Pick<SinkFs, 'fdatasync'>, fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    system.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
  })
}

/** A failed close has nothing to tell: what had to be on the disk was synced before. */
export function closeFd(system: Pick<SinkFs, 'close'>, fd: number): Promise<void> {
  return new Promise((resolve) => system.close(fd, () => resolve()))
}
