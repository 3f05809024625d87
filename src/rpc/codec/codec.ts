// What a codec is: values to bytes and back, and the references inside values that lead back to their sender.
// Types only. Knows no format and no call.

import type { ValueBounds } from './limits.ts'

/** An encoded value. The pieces of a list follow each other: large byte arrays are handed on as they are, not copied. */
export type Encoded = Uint8Array | readonly Uint8Array[]

/**
 * Turns values into bytes and back. Both sides of a call use the codec its caller named.
 *
 * A codec of your own need not know references; it refuses what it does not know.
 */
export interface Codec {
  /** The name by which the other side finds it: `msgpack`, `json` ... */
  readonly name: string
  /**
   * Encodes one value. Byte arrays handed on in pieces must not be changed until they are sent.
   *
   * @throws TypeError for what cannot travel.
   */
  encode(value: unknown, references?: ReferenceWriter | undefined): Encoded
  /**
   * Decodes one value: all of the bytes, no more and no less. Byte arrays in it may be views of them.
   *
   * @throws BraidError `BRAID_INVALID_INPUT` for bytes that are not one whole value within the bounds.
   */
  decode(bytes: Uint8Array, bounds: ValueBounds, references?: ReferenceReader | undefined): unknown
}

/** What a reference leads to: a byte stream, an async iterable, a function, an AbortSignal. */
export type ReferenceKind = 'stream' | 'items' | 'function' | 'signal'

/** Stands inside an encoded value for something that stays with its sender. */
export interface Reference {
  readonly kind: ReferenceKind
  /** The sender's number for it: 0 to 2^53 - 1. */
  readonly number: number
  /** Of a signal: it is aborted already. Of a function: it is kept. Else false. */
  readonly flag: boolean
}

/** Gives numbers to what stays here. */
export interface ReferenceWriter {
  /**
   * The reference to write in place of the value; undefined when it is none, and then travels as data or not at all.
   * It is asked once for each place a value stands at. It may throw, which fails the encoding with that error.
   */
  write(value: object): Reference | undefined
}

/** Makes of a reference what stands for it on this side. */
export interface ReferenceReader {
  /** It may throw a BraidError, which fails the decoding. */
  read(reference: Reference): unknown
}
