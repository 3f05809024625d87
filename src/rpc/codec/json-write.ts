// Values as trees JSON can write: plain data as it is, all else as an object with the single key "$".
// Knows the forms (docs/PROTOCOL.md); knows no bytes but those that become text.

import { toBase64 } from './base64.ts'
import { bigintBytes } from './bigints.ts'
import { byteKind, byteKindName, bytesOf } from './byte-kinds.ts'
import type { ReferenceWriter } from './codec.ts'
import { cannotSend, defaultBounds } from './limits.ts'
import { dateText, errorFields, patternText, urlText } from './objects.ts'
import { referenceOf } from './references.ts'

type Form = { readonly $: readonly unknown[] }

/** A number as text where JSON has none. */
export function oddNumber(value: number): string | undefined {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : undefined
  return String(value)
}

/** Makes such trees; one for each value. */
export class JsonWriter {
  readonly #references: ReferenceWriter | undefined
  /** What the writer of references threw. */
  failure: { readonly thrown: unknown } | undefined

  constructor(references: ReferenceWriter | undefined) {
    this.#references = references
  }

  /** @throws TypeError for what cannot travel, and for what is nested deeper than any receiver takes by default. */
  tree(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number': {
        const odd = oddNumber(value)
        return odd === undefined ? value : form('number', odd)
      }
      case 'undefined':
        return form('undefined')
      case 'bigint':
        bigintBytes(value) // refuses one that is too long
        return form('bigint', String(value))
      case 'symbol':
        throw cannotSend('a symbol')
      case 'function':
        return this.#reference(value)
      default:
        return value === null ? null : this.#object(value as object, depth)
    }
  }

  #object(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.#list(value, depth)
    const kind = byteKind(value)
    if (kind !== undefined) return form(kind === 0 ? 'bytes' : byteKindName(kind), toBase64(bytesOf(value, kind)))
    if (value instanceof Map) return form('map', this.#entries(value, depth))
    if (value instanceof Set) return form('set', this.#list([...value], depth))
    if (value instanceof Error) return form('error', this.#error(value, depth))
    if (value instanceof RegExp) {
      const [flags, source] = patternText(value)
      return form('regexp', source, flags)
    }
    const date = dateText(value)
    if (date !== undefined) return form('date', date)
    const url = urlText(value)
    if (url !== undefined) return form('url', url)
    return this.#reference(value) ?? this.#fields(value, depth)
  }

  #list(list: readonly unknown[], depth: number): unknown[] {
    const inside = deeper(depth)
    return Array.from(list, (item) => this.tree(item, inside))
  }

  #entries(map: ReadonlyMap<unknown, unknown>, depth: number): unknown[] {
    const inside = deeper(depth)
    return Array.from(map, ([key, item]) => [this.tree(key, inside), this.tree(item, inside)])
  }

  #error(error: Error, depth: number): object {
    const [name, message, code, data, cause] = errorFields(error)
    return this.#plain({ name, message, code, data, cause }, depth)
  }

  #fields(value: object, depth: number): object {
    if (typeof (value as { then?: unknown }).then === 'function' && Object.hasOwn(value, 'then'))
      throw cannotSend('a function under the key "then"')
    const plain = this.#plain(value, depth)
    return '$' in plain ? form('object', plain) : plain
  }

  #plain(value: object, depth: number): object {
    const inside = deeper(depth)
    const plain: Record<string, unknown> = Object.create(null)
    for (const [key, item] of Object.entries(value)) if (item !== undefined) plain[key] = this.tree(item, inside)
    return plain
  }

  #reference(value: object): Form | undefined {
    try {
      const reference = referenceOf(value, this.#references)
      if (reference === undefined) return undefined
      const { kind, number, flag } = reference
      return flag ? form(kind, number, true) : form(kind, number)
    } catch (thrown) {
      this.failure = { thrown }
      throw thrown
    }
  }
}

function form(...parts: unknown[]): Form {
  return { $: parts }
}

function deeper(depth: number): number {
  if (depth >= defaultBounds.depth) throw cannotSend(`a value nested deeper than ${defaultBounds.depth}`)
  return depth + 1
}
