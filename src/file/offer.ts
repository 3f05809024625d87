// The head and tail of one transfer: what an OPEN asks, what the answer offers, what the trailer proves.
// Reads and writes metadata only; everything from the other side is checked field by field.

import { BraidError } from '../engine/errors.ts'
import type { Meta } from '../session/opener.ts'
import { pathLengthMax } from './path.ts'
import type { FileInfo } from './source.ts'

/** Name of the stream that carries one file of a served folder. */
export const fileStream = '$file'
/** Name of the stream that lists a served folder. */
export const listStream = '$list'

/** What the OPEN of a `$file` stream asks. */
export interface FileRequest {
  readonly path: string
  /** Where to begin, in bytes. */
  readonly offset: number
}

/** What the OPEN of a `$list` stream asks. */
export interface ListRequest {
  /** '' is the served folder itself. */
  readonly path: string
  readonly recursive: boolean
}

/** Reads the request of a `$file` stream. */
export function parseFileRequest(meta: Meta | undefined): FileRequest {
  return { path: pathOf(fields(meta)), offset: parseOffset(meta) }
}

/** Reads the request of a `$list` stream. */
export function parseListRequest(meta: Meta | undefined): ListRequest {
  const asked = fields(meta)
  return { path: pathOf(asked), recursive: asked.recursive === true }
}

/** The offset a request asks for; 0 when it says nothing about it. */
export function parseOffset(meta: Meta | undefined): number {
  const offset = fields(meta).offset ?? 0
  if (!isCount(offset)) throw new BraidError('INVALID_INPUT', 'the offset is not a whole number', { scope: 'stream' })
  return offset
}

/** Reads size and time of the last change out of an answer. */
export function parseInfo(meta: Meta | undefined): FileInfo {
  const { size, mtimeMs } = fields(meta)
  if (!isCount(size) || typeof mtimeMs !== 'number' || !Number.isFinite(mtimeMs)) {
    throw new BraidError('PROTOCOL', 'the answer holds no size and time of a file', { scope: 'stream' })
  }
  return { size, mtimeMs }
}

/** The SHA-256 a trailer carries, or undefined. */
export function parseSum(trailer: Meta | undefined): string | undefined {
  const { sha256 } = fields(trailer)
  return typeof sha256 === 'string' ? sha256 : undefined
}

/** The named values of a JSON object; of anything else, none. */
export function fields(meta: Meta | undefined): Record<string, unknown> {
  if (typeof meta !== 'object' || meta === null || Array.isArray(meta) || meta instanceof Uint8Array) return {}
  return meta
}

/** True for a whole number that can count bytes. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function pathOf(asked: Record<string, unknown>): string {
  const { path } = asked
  if (typeof path === 'string' && path.length <= pathLengthMax) return path
  throw new BraidError('INVALID_INPUT', 'the request names no path', { scope: 'stream' })
}
