// What the encoder asks about everything that is not nil, boolean, number or string: an extension, or data as it is.
// Knows the state of the encoding that is under way; knows nothing of the bytes around an extension.

import { ExtData, encodeTimestampExtension } from '@msgpack/msgpack'
import { bigintBytes } from './bigints.ts'
import { byteKind, bytesOf } from './byte-kinds.ts'
import type { Reference, ReferenceKind, ReferenceWriter } from './codec.ts'
import { ATTACH_BYTES_MIN, extension, referencePayload, shortest } from './extensions.ts'
import { cannotSend, defaultBounds } from './limits.ts'
import { errorFields, isPlain, looksLikeReference, patternText, travelsAsFields, urlText } from './objects.ts'
import { referenceOf } from './references.ts'

/** Thrown to leave the encoder when an array holds `undefined`; never seen outside msgpack.ts. */
export const holdsUndefined: object = Object.freeze({ needs: 'substitute' })

/** Stands in a substituted value for an extension. */
class Placeholder {
  readonly data: ExtData

  constructor(data: ExtData) {
    this.data = data
  }
}

/** Stands for `undefined` where the encoder would write nil. */
const undefinedMarker = new Placeholder(new ExtData(extension.undefined, new Uint8Array(0)))

/** Of the copies that `substitute` makes: they have been asked about already. */
const copyPrototype: object = Object.freeze(Object.create(null))

interface Asked {
  readonly value: object
  readonly answer: Reference | undefined
}

const none: readonly Uint8Array[] = []

/** One encoding under way. */
export class Encoding {
  references: ReferenceWriter | undefined
  /** What follows the value, in order of appearance. */
  attachments: readonly Uint8Array[] = none
  /** Something is inside whose limits the encoder does not see. */
  mustCheck = false
  /** What the writer threw. */
  failure: { readonly thrown: unknown } | undefined
  /** Answers of the writer, in the order it was asked: it is asked once for each place, though encoding may begin again. */
  private asked: Asked[] | undefined
  private spare: Asked[] | undefined

  /** Forgets everything: it is over. */
  clear(): void {
    this.references = undefined
    this.attachments = none
    this.mustCheck = false
    this.failure = undefined
    this.asked = undefined
    this.spare = undefined
  }

  attach(bytes: Uint8Array): void {
    if (this.attachments === none) this.attachments = []
    ;(this.attachments as Uint8Array[]).push(bytes)
  }

  ask(value: object): Reference | undefined {
    const again = this.spare?.findIndex((asked) => asked.value === value) ?? -1
    const asked = again >= 0 ? this.spare!.splice(again, 1)[0]! : { value, answer: this.#write(value) }
    this.asked ??= []
    this.asked.push(asked)
    if (asked.answer?.kind === 'function') this.mustCheck = true
    return asked.answer
  }

  #write(value: object): Reference | undefined {
    try {
      return referenceOf(value, this.references)
    } catch (thrown) {
      this.failure = { thrown }
      throw thrown
    }
  }

  /** Runs the encoder; when it finds `undefined` in an array, once more on a substitute. */
  twice(value: unknown, encode: (value: unknown) => Uint8Array): Uint8Array {
    const asked = this.asked?.length ?? 0
    const attached = this.attachments.length
    try {
      return encode(value)
    } catch (thrown) {
      if (thrown !== holdsUndefined) throw thrown
    }
    if (this.asked !== undefined) this.spare = [...(this.spare ?? []), ...this.asked.splice(asked)]
    if (this.attachments !== none) (this.attachments as Uint8Array[]).length = attached
    return encode(this.#substitute(value, 0))
  }

  /** A copy of arrays and plain objects in which the marker stands for every `undefined` of an array: the rare, slow way. */
  #substitute(value: unknown, depth: number): unknown {
    if (value === undefined) return undefinedMarker
    if (typeof value !== 'object' || value === null || value instanceof Placeholder) return value
    if (depth > defaultBounds.depth) throw cannotSend(`a value nested deeper than ${defaultBounds.depth}`)
    if (Array.isArray(value)) return Array.from(value, (item) => this.#substitute(item, depth + 1))
    if (!travelsAsFields(value)) return value
    if (mayBeReference(value)) {
      const reference = this.ask(value)
      if (reference !== undefined) return new Placeholder(referenceData(reference))
    }
    const copy: Record<string, unknown> = Object.create(copyPrototype)
    for (const [key, item] of Object.entries(value))
      if (item !== undefined) copy[key] = this.#substitute(item, depth + 1)
    return copy
  }
}

function mayBeReference(value: object): boolean {
  return !isPlain(value) || looksLikeReference(value)
}

const referenceTypes: Readonly<Record<ReferenceKind, number>> = {
  stream: extension.stream,
  items: extension.items,
  function: extension.function,
  signal: extension.signal,
}

function referenceData(reference: Reference): ExtData {
  return new ExtData(referenceTypes[reference.kind], referencePayload(reference))
}

/** Encodes a list inside an extension. */
export type Nest = (list: readonly unknown[]) => Uint8Array

/** The extension that a value is, or null for data the encoder knows. */
export function toExtension(value: unknown, encoding: Encoding, nest: Nest): ExtData | null {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'bigint') return new ExtData(extension.bigint, bigintBytes(value))
    if (typeof value !== 'function') throw cannotSend(`a ${typeof value}`)
    return referenceData(encoding.ask(value)!)
  }
  if (Array.isArray(value)) {
    if (value.includes(undefined)) throw holdsUndefined
    return null
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === copyPrototype) return null
  if (prototype === Object.prototype || prototype === null) {
    if (encoding.references === undefined || !looksLikeReference(value)) return null
    const reference = encoding.ask(value)
    return reference === undefined ? null : referenceData(reference)
  }
  return fromClass(value, encoding, nest)
}

function fromClass(value: object, encoding: Encoding, nest: Nest): ExtData | null {
  if (value instanceof Placeholder) return value.data
  const kind = byteKind(value)
  if (kind !== undefined) return fromBytes(value, kind, encoding)
  if (value instanceof Map) return nested(extension.map, [...value].flat(), encoding, nest)
  if (value instanceof Set) return nested(extension.set, [...value], encoding, nest)
  if (value instanceof Error) return nested(extension.error, errorFields(value), encoding, nest)
  if (value instanceof RegExp) return new ExtData(extension.regExp, text(patternText(value).join('/')))
  const timestamp = encodeTimestampExtension(value)
  if (timestamp !== null) {
    if (Number.isNaN(Number(value))) throw cannotSend('an invalid Date')
    return new ExtData(extension.date, timestamp)
  }
  const url = urlText(value)
  if (url !== undefined) return new ExtData(extension.url, text(url))
  const reference = encoding.ask(value)
  return reference === undefined ? null : referenceData(reference)
}

function fromBytes(value: object, kind: number, encoding: Encoding): ExtData | null {
  if ((value as Uint8Array).byteLength > ATTACH_BYTES_MIN) {
    const bytes = kind === 0 ? (value as Uint8Array) : bytesOf(value, kind)
    encoding.attach(bytes)
    const payload = shortest(bytes.length, 1, 0)
    payload[0] = kind
    return new ExtData(extension.attachment, payload)
  }
  if (kind === 0) return null
  const bytes = bytesOf(value, kind)
  const payload = new Uint8Array(1 + bytes.length)
  payload[0] = kind
  payload.set(bytes, 1)
  return new ExtData(extension.typedArray, payload)
}

function nested(type: number, list: readonly unknown[], encoding: Encoding, nest: Nest): ExtData {
  encoding.mustCheck = true
  return new ExtData(type, nest(list.map((item) => (item === undefined ? undefinedMarker : item))))
}

const encoder = new TextEncoder()

function text(value: string): Uint8Array {
  return encoder.encode(value)
}
