// One value as one byte array and back, in whatever codec: for messages, whose pieces have to be one.
// Knows no stream; what a codec of somebody else's throws becomes an error of ours.

import { BraidError } from '../engine/errors.ts'
import { joined } from '../session/bytes.ts'
import type { Codec, ReferenceWriter } from './codec/codec.ts'
import { badValue, type ValueBounds } from './codec/limits.ts'
import { encodeMessage, msgpack } from './codec/msgpack.ts'

/**
 * Encodes one value, behind `room` bytes left for the caller to fill.
 *
 * @throws TypeError for what cannot travel.
 */
export function encodeOne(codec: Codec, value: unknown, room = 0, references?: ReferenceWriter): Uint8Array {
  // Ours leaves the room by itself, others' bytes are copied.
  return codec === msgpack ? encodeMessage(value, room, references) : joined(codec.encode(value, references), room)
}

/**
 * Decodes one value.
 *
 * @throws BraidError `BRAID_INVALID_INPUT`, whatever the codec threw.
 */
export function decodeOne(codec: Codec, bytes: Uint8Array, bounds: ValueBounds): unknown {
  try {
    return codec.decode(bytes, bounds)
  } catch (thrown) {
    if (thrown instanceof BraidError) throw thrown
    throw badValue(thrown instanceof Error ? thrown.message : `codec ${codec.name} cannot read it`, thrown)
  }
}
