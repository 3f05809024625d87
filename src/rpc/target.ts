// Where a client's calls go: an opener, and, when it is a session, what calls keep for it.
// Knows no API and makes no call.

import { direct } from '../session/direct.ts'
import type { Opener } from '../session/opener.ts'
import type { Session } from '../session/session.ts'
import { rpcOf } from './call/connect.ts'
import type { Target } from './call/invoke.ts'
import type { Codec } from './codec/codec.ts'
import { parseLimits, type ValueLimits } from './codec/limits.ts'
import { msgpack } from './codec/msgpack.ts'
import type { Log } from './log.ts'
import type { Middleware } from './middleware.ts'

export interface WrapOptions {
  /** What one result may hold. */
  readonly limits?: ValueLimits | undefined
  /** Run around every call, the first outermost. Default: none. */
  readonly use?: readonly Middleware[] | undefined
  /** Codecs beside msgpack and JSON; the session says which of all its calls use. */
  readonly codecs?: readonly Codec[] | undefined
  /**
   * Where to write errors of functions and iterables given as arguments, whose text the other side does not get, and warnings of
   * its functions that were forgotten unreleased. Default: nowhere.
   */
  readonly log?: Log | false | undefined
}

/** @throws TypeError when the session's codec is not known, RangeError for wrong limits. */
export function targetOf(opener: Opener, options: WrapOptions): Target {
  const bounds = parseLimits(options.limits)
  if (!isSession(opener)) return { opener, direct: undefined, rpc: undefined, codec: msgpack, bounds }
  const rpc = rpcOf(opener)
  rpc.addCodecs(options.codecs)
  if (options.log !== undefined && options.log !== false) rpc.log = options.log
  return { opener, direct: direct(opener), rpc, codec: rpc.codec, bounds }
}

function isSession(opener: Opener): opener is Session {
  return 'handleCall' in opener && 'handle' in opener
}
