// RpcSession: what calls keep for one session, whoever exposes or wraps there: parts, functions, signals, codecs.
// Knows no call; call/connect.ts makes it and gives it what answers and makes calls.

import { BraidError } from '../engine/errors.ts'
import { addLimits } from '../session/limits.ts'
import type { Session } from '../session/session.ts'
import { codecNamed } from './codec/choose.ts'
import type { Codec } from './codec/codec.ts'
import { defaultBounds, type ValueBounds } from './codec/limits.ts'
import type { FailurePolicy } from './failure.ts'
import { type Log, logFailure } from './log.ts'
import { LentFunctions } from './references/functions.ts'
import { Parts } from './references/parts.ts'
import { Signals } from './references/signals.ts'
import { BodyRefusals, rpcLimits } from './rpc-limits.ts'
import type { Listing } from './service/list.ts'

/** Calls a function of the other side. */
export type FunctionCaller = (
  rpc: RpcSession,
  number: number,
  values: readonly unknown[],
  codec: Codec,
  depth: number,
) => Promise<unknown>

export class RpcSession {
  readonly session: Session
  readonly parts: Parts
  readonly functions = new LentFunctions()
  readonly signals = new Signals()
  readonly refusals = new BodyRefusals()
  /** What the values of a call may hold: as the last to expose something said. */
  bounds: ValueBounds = defaultBounds
  readonly callFunction: FunctionCaller
  /** What is exposed here, for the manifest, and how to stop telling it. */
  readonly services = new Set<Listing>()
  undescribe: (() => void) | undefined
  /** Codecs beside those everybody has. */
  readonly codecs: Codec[] = []
  /** Where to warn of what was forgotten; the last one told. */
  log: Log | undefined
  /** What the other side is told of errors of functions and iterables it was given as arguments. */
  readonly policy: FailurePolicy
  /** Functions of the other side that were kept for this one and not released. */
  borrowed = 0
  #over = false
  #mine: Codec | undefined
  #theirs: Codec | undefined

  constructor(session: Session, callFunction: FunctionCaller) {
    this.session = session
    this.callFunction = callFunction
    this.policy = {
      exposeErrors: session.exposeErrors,
      exposeStacks: false,
      hidden: (error, method) => logFailure(this.log, error, method),
    }
    this.parts = new Parts(session)
    addLimits(session, () => rpcLimits(this))
    void session.closed.then((error) => {
      this.#over = true
      this.functions.clear()
      this.signals.clear(error ?? new BraidError('CLOSED', 'the session is over'))
    })
  }

  /** The codec of this side's calls. @throws TypeError when nobody has given it. */
  get codec(): Codec {
    this.#mine ??= codecNamed(this.session.codec, this.codecs)
    if (this.#mine !== undefined) return this.#mine
    throw new TypeError(`the session says its codec is "${this.session.codec}": pass that codec in the option codecs`)
  }

  /** The codec of the other side's calls. @throws BraidError `BRAID_UNIMPLEMENTED` when it is not known here. */
  get remoteCodec(): Codec {
    const { codec: name } = this.session.remote
    if (this.#theirs !== undefined) return this.#theirs
    const codec = codecNamed(name, this.codecs)
    if (codec !== undefined) {
      // It is known once the HELLO is read, and no call comes before.
      if (this.session.state !== 'connecting') this.#theirs = codec
      return codec
    }
    throw new BraidError('UNIMPLEMENTED', `the codec "${name.slice(0, 64)}" is not known here`, { scope: 'call' })
  }

  addCodecs(codecs: readonly Codec[] | undefined): void {
    for (const codec of codecs ?? []) if (!this.codecs.includes(codec)) this.codecs.push(codec)
  }

  /** Watches a kept function of the other side: one that is collected before it was released is a leak over there. */
  watch(run: object): void {
    this.borrowed++
    forgotten.register(run, this, run)
  }

  forgot(): void {
    this.borrowed--
    if (this.#over) return
    this.log?.warn(
      'a function of the other side was forgotten without release(): it stays there until the session ends',
    )
  }

  unwatch(run: object): void {
    this.borrowed--
    forgotten.unregister(run)
  }
}

/** Collection changes nothing, it only warns: what a peer holds must not hang on when somebody's memory runs short. */
const forgotten = new FinalizationRegistry<RpcSession>((rpc) => {
  rpc.forgot()
})
