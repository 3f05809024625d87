// Values as V8 itself writes them, for peers of one's own: worker threads and child processes.
// Knows the serializer of Node and the contract of a codec; knows no call.

import { deserialize, serialize } from 'node:v8'
import { BraidError } from '../engine/errors.ts'
import { byteKind } from '../rpc/codec/byte-kinds.ts'
import type { Codec, Encoded, ReferenceKind, ReferenceReader, ReferenceWriter } from '../rpc/codec/codec.ts'
import { badValue, cannotSend, type ValueBounds } from '../rpc/codec/limits.ts'
import { errorFields, errorFrom, isPlain, looksLikeReference } from '../rpc/codec/objects.ts'
import { referenceOf } from '../rpc/codec/references.ts'

/**
 * The codec for TRUSTED PEERS ONLY - worker threads, child processes of the same build: what V8 writes, V8 reads.
 *
 * It also takes cycles, boxed primitives and sparse arrays. The limits of values are not applied, the format is that of the
 * running version of V8, and a hostile body may cost any amount of memory: never use it towards the network. Errors
 * arrive as with the other codecs, without a stack.
 *
 * @example
 * import { structuredCloneCodec } from 'braidwire/node'
 * const list = [1]
 * list.push(list)
 * const [, same] = structuredCloneCodec.decode(structuredCloneCodec.encode(list), { depth: 64, keys: 10_000 })
 * console.log(same[1] === same) // true
 */
export const structuredCloneCodec: Codec = { name: 'structured-clone', encode, decode }

/** What a stand-in stands for. */
type Special =
  | readonly [kind: ReferenceKind, number: number, flag: boolean]
  | readonly [kind: 'url' | 'error', of: unknown]

/** A body: the value and, when it holds what V8 cannot clone, the empty objects that stand in it, and for what. */
type Body = readonly [value: unknown, standIns?: readonly object[], specials?: readonly Special[]]

function encode(value: unknown, references?: ReferenceWriter | undefined): Encoded {
  const standing = new StandIns(references)
  const body: Body = holdsSpecial(value, new Set())
    ? [standing.copy(value), standing.standIns, standing.specials]
    : [value]
  try {
    return serialize(body)
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown)
    throw new TypeError(`the value cannot be sent in a call: ${text}`, { cause: thrown })
  }
}

function decode(bytes: Uint8Array, _bounds: ValueBounds, references?: ReferenceReader | undefined): unknown {
  try {
    const [value, standIns, specials] = deserialize(bytes) as Body
    if (standIns === undefined || specials === undefined) return value
    const meant = new Map(standIns.map((standIn, index) => [standIn, specials[index]!]))
    return new Restorer(meant, references).value(value)
  } catch (thrown) {
    if (thrown instanceof BraidError) throw thrown
    throw badValue(thrown instanceof Error ? thrown.message : 'it cannot be read', thrown)
  }
}

/** What V8 clones as it is: no look inside is needed. */
function isClonable(value: object): boolean {
  return (
    byteKind(value) !== undefined ||
    value instanceof Date ||
    value instanceof RegExp ||
    /^\[object (Number|String|Boolean|BigInt)\]$/.test(Object.prototype.toString.call(value))
  )
}

/** Whether anything inside must be replaced before V8 sees it. */
function holdsSpecial(value: unknown, seen: Set<unknown>): boolean {
  if (typeof value === 'function') return true
  if (typeof value !== 'object' || value === null || seen.has(value)) return false
  seen.add(value)
  if (isClonable(value)) return false
  if (Array.isArray(value)) return value.some((item) => holdsSpecial(item, seen))
  if (value instanceof Map) return [...value].some((entry) => entry.some((item) => holdsSpecial(item, seen)))
  if (value instanceof Set) return [...value].some((item) => holdsSpecial(item, seen))
  if (!isPlain(value) || looksLikeReference(value)) return true
  return Object.values(value).some((item) => holdsSpecial(item, seen))
}

/** Copies a value with stand-ins for what V8 cannot clone. */
class StandIns {
  readonly standIns: object[] = []
  readonly specials: Special[] = []
  readonly #references: ReferenceWriter | undefined
  readonly #copies = new Map<object, object>()

  constructor(references: ReferenceWriter | undefined) {
    this.#references = references
  }

  copy(value: unknown): unknown {
    if (typeof value === 'function') return this.#special(value)
    if (typeof value !== 'object' || value === null || isClonable(value)) return value
    const copied = this.#copies.get(value)
    if (copied !== undefined) return copied
    if (Array.isArray(value))
      return this.#fill<unknown[]>(value, [], (copy) => {
        for (const item of value) copy.push(this.copy(item))
      })
    if (value instanceof Map)
      return this.#fill(value, new Map(), (copy) => {
        for (const [key, item] of value) copy.set(this.copy(key), this.copy(item))
      })
    if (value instanceof Set)
      return this.#fill(value, new Set(), (copy) => {
        for (const item of value) copy.add(this.copy(item))
      })
    return this.#special(value) ?? this.#fields(value)
  }

  #fill<Copy extends object>(value: object, copy: Copy, fill: (copy: Copy) => void): Copy {
    this.#copies.set(value, copy)
    fill(copy)
    return copy
  }

  #fields(value: object): object {
    return this.#fill<Record<string, unknown>>(value, {}, (copy) => {
      for (const [key, item] of Object.entries(value)) {
        if (key === '__proto__') throw cannotSend('a key __proto__')
        if (key === 'then' && typeof item === 'function') throw cannotSend('a function under the key "then"')
        copy[key] = this.copy(item)
      }
    })
  }

  /** The stand-in for a value that needs one. */
  #special(value: object): object | undefined {
    if (value instanceof URL) return this.#standIn(value, ['url', value.href])
    if (value instanceof Error) {
      const fields: unknown[] = []
      const standIn = this.#standIn(value, ['error', fields])
      fields.push(...errorFields(value).map((field) => this.copy(field)))
      return standIn
    }
    const reference = referenceOf(value, this.#references)
    if (reference === undefined) return undefined
    const { kind, number, flag } = reference
    return this.#standIn(undefined, [kind, number, flag])
  }

  #standIn(value: object | undefined, special: Special): object {
    const standIn = {}
    // A reference is asked for at each place; all else stays one object.
    if (value !== undefined) this.#copies.set(value, standIn)
    this.standIns.push(standIn)
    this.specials.push(special)
    return standIn
  }
}

/** Puts what is meant in place of the stand-ins. */
class Restorer {
  readonly #meant: ReadonlyMap<object, Special>
  readonly #references: ReferenceReader | undefined
  readonly #restored = new Map<object, unknown>()

  constructor(meant: ReadonlyMap<object, Special>, references: ReferenceReader | undefined) {
    this.#meant = meant
    this.#references = references
  }

  value(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || isClonable(value)) return value
    if (this.#restored.has(value)) return this.#restored.get(value)
    const special = this.#meant.get(value)
    const restored = special === undefined ? value : this.#special(special)
    this.#restored.set(value, restored)
    if (special === undefined) this.#inside(value)
    return restored
  }

  #inside(value: object): void {
    if (value instanceof Map) {
      const entries = [...value]
      value.clear()
      for (const [key, item] of entries) value.set(this.value(key), this.value(item))
    } else if (value instanceof Set) {
      const items = [...value]
      value.clear()
      for (const item of items) value.add(this.value(item))
    } else {
      const fields = value as Record<string, unknown>
      for (const key of Object.keys(fields)) {
        fields[key] = this.value(fields[key])
        if (key === 'then' && typeof fields[key] === 'function') throw badValue('a function under the key "then"')
      }
    }
  }

  #special(special: Special): unknown {
    if (special[0] === 'url') return new URL(String(special[1]))
    if (special[0] === 'error') return errorFrom((special[1] as unknown[]).map((field) => this.value(field)))
    const [kind, number, flag] = special
    if (this.#references === undefined) throw badValue(`a reference of kind ${kind} has no place here`)
    return this.#references.read({ kind, number: number as number, flag: flag === true })
  }
}
