// The body of a call: its arguments and its metadata as one value of its codec.
// Knows codecs; knows no call.

import type { Codec, Encoded, ReferenceReader, ReferenceWriter } from '../codec/codec.ts'
import { badValue, overLimit, type ValueBounds } from '../codec/limits.ts'
import { isPlain } from '../codec/objects.ts'

/** More arguments than this would overflow the stack when applied. */
export const ARGUMENTS_MAX = 1000
/** Metadata is read before the call is let in: it is kept small. */
export const METADATA_KEYS_MAX = 64
export const METADATA_CHARS_MAX = 8192

export type Metadata = Readonly<Record<string, string>>

export interface CallBody {
  readonly values: readonly unknown[]
  readonly metadata: Metadata
}

const nothing = new Uint8Array(0)
export const noMetadata: Metadata = Object.freeze({})
const empty: CallBody = Object.freeze({ values: Object.freeze([]), metadata: noMetadata })

/** Encodes a call; one without arguments and metadata is no bytes at all. */
export function encodeBody(
  codec: Codec,
  values: readonly unknown[],
  metadata: Metadata,
  references: ReferenceWriter,
): Encoded {
  if (metadata !== noMetadata && Object.keys(metadata).length > 0)
    return codec.encode({ args: values, metadata }, references)
  return values.length === 0 ? nothing : codec.encode(values, references)
}

/** @throws BraidError `BRAID_INVALID_INPUT` for anything but at most 1,000 arguments, and metadata that is texts. */
export function decodeBody(
  codec: Codec,
  bytes: Uint8Array,
  bounds: ValueBounds,
  references: ReferenceReader,
): CallBody {
  if (bytes.length === 0) return empty
  const value = codec.decode(bytes, bounds, references)
  if (Array.isArray(value)) return { values: checkCount(value), metadata: noMetadata }
  if (typeof value !== 'object' || value === null) throw badValue('arguments are not a list')
  const { args, metadata } = value as { args?: unknown; metadata?: unknown }
  if (!Array.isArray(args)) throw badValue('arguments are not a list')
  return { values: checkCount(args), metadata: checkMetadata(metadata) }
}

function checkCount(values: readonly unknown[]): readonly unknown[] {
  if (values.length > ARGUMENTS_MAX) throw overLimit('callArguments', `more than ${ARGUMENTS_MAX} arguments`)
  return values
}

function checkMetadata(metadata: unknown): Metadata {
  if (typeof metadata !== 'object' || metadata === null || !isPlain(metadata)) throw badValue('metadata is no object')
  const entries = Object.entries(metadata)
  if (entries.length > METADATA_KEYS_MAX)
    throw overLimit('metadataWords', `more than ${METADATA_KEYS_MAX} words of metadata`)
  let chars = 0
  for (const [key, word] of entries) {
    if (typeof word !== 'string') throw badValue('metadata that is no text')
    chars += key.length + word.length
  }
  if (chars > METADATA_CHARS_MAX)
    throw overLimit('metadataChars', `more than ${METADATA_CHARS_MAX} characters of metadata`)
  return metadata as Metadata
}
