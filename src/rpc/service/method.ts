// Method: one thing of a service that can be called, whatever it was made of. Types only; the runtime knows no more of it.

import type { Session } from '../../session/session.ts'
import type { Answers } from './guard.ts'

/** Any function, before its arguments are known to fit. */
export type AnyFunction = (...values: never[]) => unknown

/**
 * One call as guards, middleware and handlers see it; `MethodContext` is one.
 *
 * `Context` is what middleware has added by then: `ctx.context.user` after `next({ user })`.
 */
export interface HandlerContext<Context extends object = Readonly<Record<string, unknown>>> {
  readonly session: Session
  /** What the session's `authorize` returned; undefined without one. */
  readonly principal: unknown
  /** Name the caller used, with its dots. */
  readonly method: string
  /** Aborts when the caller gave up, the deadline passed or the session ended. */
  readonly signal: AbortSignal
  /** Time left in ms before the caller's deadline, never below 0; undefined when there is none. */
  remaining(): number | undefined
  /** Words the caller sent along, of its choosing: nothing to trust. */
  readonly metadata: Readonly<Record<string, string>>
  /** What middleware added to this call. One object for the whole call. */
  readonly context: Context
}

/** JSON Schema as a validator gave it. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What is known of a method beside its name and shape. */
export interface MethodDescription {
  readonly doc?: string | undefined
  /** Of the one argument; absent when the method takes anything or the validator has no JSON Schema. */
  readonly input?: JsonSchema | undefined
  /** Of the result, or of each item when the shape is `items`. */
  readonly output?: JsonSchema | undefined
  /** Calling it twice does no more than calling it once. */
  readonly idempotent?: true | undefined
}

/** One thing that can be called. */
export interface Method {
  /** Dotted path from the root of the service: 'files.read'. */
  readonly name: string
  /** `items`: certain to answer with an async iterable, before it is called; a `call` may do so too. */
  readonly shape: 'call' | 'items'
  /** Whether a retry does no harm even when the first try may have been executed. */
  readonly idempotent: boolean
  /** For the manifest; made when first asked for. */
  readonly description: MethodDescription
  /**
   * Runs guards, middleware, validation and the function. Answers at once whatever the function answers when nothing
   * asynchronous is in the way; throws, or answers with a promise that rejects, what the caller shall be told.
   */
  invoke(values: readonly unknown[], ctx: HandlerContext): unknown
  /**
   * Asks only the guards, each once for all that share `answers`: one caller, at one time. Never throws and never rejects.
   */
  admits(ctx: HandlerContext, answers?: Answers): boolean | Promise<boolean>
}
