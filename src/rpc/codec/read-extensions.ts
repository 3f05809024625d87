// What the decoder asks about every extension: the value it stands for.
// Knows the state of the decoding that is under way; relies on the survey for lengths, depth and counts.

import { decodeTimestampExtension } from '@msgpack/msgpack'
import { bigintFrom } from './bigints.ts'
import { fromBytes } from './byte-kinds.ts'
import type { ReferenceReader } from './codec.ts'
import { extension, readReference, readShortest, referenceKind } from './extensions.ts'
import { badValue } from './limits.ts'
import { errorFrom, patternFrom, urlFrom } from './objects.ts'

/** One decoding under way. */
export interface Decoding {
  references: ReferenceReader | undefined
  body: Uint8Array
  /** Where in the body the next attachment begins. */
  attachedAt: number
}

/** Decodes the one value inside an extension. */
export type Unnest = (bytes: Uint8Array) => unknown

export function fromExtension(bytes: Uint8Array, type: number, decoding: Decoding, unnest: Unnest): unknown {
  switch (type) {
    case extension.date: {
      const date = decodeTimestampExtension(bytes)
      if (Number.isNaN(date.getTime())) break
      return date
    }
    case extension.undefined:
      if (bytes.length !== 0) break
      return undefined
    case extension.bigint:
      return bigintFrom(bytes)
    case extension.map:
      return mapFrom(unnest(bytes) as unknown[])
    case extension.set:
      return new Set(unnest(bytes) as unknown[])
    case extension.error:
      return errorFrom(unnest(bytes))
    case extension.typedArray:
      if (bytes.length === 0) break
      // A copy: a few bytes must not keep a body alive, and memory of its own is aligned.
      return fromBytes(bytes[0]!, bytes.slice(1))
    case extension.regExp: {
      const [flags, ...source] = text(bytes).split('/')
      if (source.length === 0) break
      return patternFrom(flags!, source.join('/'))
    }
    case extension.url:
      return urlFrom(text(bytes))
    case extension.attachment:
      return attachment(bytes, decoding)
    default: {
      const kind = referenceKind(type)
      if (kind === undefined) break
      const reference = readReference(kind, bytes)
      if (decoding.references === undefined) throw badValue(`a reference of kind ${kind} has no place here`)
      return decoding.references.read(reference)
    }
  }
  throw badValue(`extension type ${type} with ${bytes.length} bytes is not understood`)
}

function mapFrom(list: unknown[]): Map<unknown, unknown> {
  if (list.length % 2 !== 0) throw badValue('a map has a key without a value')
  const map = new Map<unknown, unknown>()
  for (let index = 0; index < list.length; index += 2) map.set(list[index], list[index + 1])
  return map
}

function attachment(payload: Uint8Array, decoding: Decoding): object {
  const start = decoding.attachedAt
  decoding.attachedAt += readShortest(payload, 1, payload.length)
  return fromBytes(payload[0]!, decoding.body.subarray(start, decoding.attachedAt))
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function text(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (thrown) {
    throw badValue('a text is not UTF-8', thrown)
  }
}
