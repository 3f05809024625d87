// Which codec a name means.
// Knows the codecs everybody has; knows no session.

import type { Codec } from './codec.ts'
import { json } from './json.ts'
import { msgpack } from './msgpack.ts'

/** The codec of a name, as a HELLO carries it: '' is `msgpack`; undefined for a name that is none of those and none of the extra ones. */
export function codecNamed(name: string, extra: readonly Codec[] | undefined): Codec | undefined {
  if (name === '' || name === msgpack.name) return msgpack
  if (name === json.name) return json
  return extra?.find((codec) => codec.name === name)
}
