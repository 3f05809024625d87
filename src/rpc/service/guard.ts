// Guard: who may call a part of a service. Asked on every call, before anything of the call is looked at.
// Knows no names of methods; whoever invokes a method asks its guards here.

import { isThenable } from '../../session/deferred.ts'
import { RpcError } from '../failure.ts'
import type { HandlerContext } from './method.ts'
import { type Check, Guarded, Offer, Routed } from './offer.ts'
import { Procedure } from './procedure.ts'

/**
 * Lets only some callers use a part of a service: a subtree, one function or one procedure.
 *
 * `check` is asked on every call, so that a login during the session opens what was closed, and a logout closes it. Only
 * `true` opens: anything else, and an error, answers the call with DENIED, and nothing is executed. Guards within guards are
 * asked from the outside in. The manifest leaves out what the one who asks may not call.
 *
 * For rights that belong to one caller, give out the object instead of checking a name: a method that returns functions
 * hands a capability to exactly the one who called it.
 *
 * @throws TypeError when `check` is no function or there is nothing to guard.
 * @example
 * import { pair } from 'braidwire/test'
 * import { expose, guard, withContext, wrap } from 'braidwire/rpc'
 *
 * const loggedIn = new WeakSet() // sessions
 * const api = {
 *   login: withContext((ctx, password) => password === 'sesame' && Boolean(loggedIn.add(ctx.session))),
 *   admin: guard((ctx) => loggedIn.has(ctx.session), { stop: () => 'stopped' }),
 * }
 * const [server, client] = pair()
 * expose(server, api)
 * const remote = wrap(client)
 * await remote.admin.stop().catch((error) => console.log(error.code)) // 'BRAID_DENIED'
 * await remote.login('sesame')
 * console.log(await remote.admin.stop()) // 'stopped'
 * await client.close()
 * @example
 * // A capability: whoever logged in holds the function, nobody else can name it.
 * import { pair } from 'braidwire/test'
 * import { expose, keep, wrap } from 'braidwire/rpc'
 *
 * const api = {
 *   login: (password) => (password === 'sesame' ? { stop: keep(() => 'stopped') } : undefined),
 * }
 * const [server, client] = pair()
 * expose(server, api)
 * const admin = await wrap(client).login('sesame')
 * console.log(await admin.stop()) // 'stopped'
 * await client.close()
 */
export function guard<Api extends object>(check: Check, api: Api): Offer<Api> {
  if (typeof check !== 'function') throw new TypeError('guard() takes a function that decides, then what it guards')
  if ((typeof api !== 'object' && typeof api !== 'function') || api === null)
    throw new TypeError('guard() takes an object, a function or a procedure to guard')
  // What is guarded is meant to be called: an instance of a class needs no router() around it.
  const explicit = typeof api === 'function' || api instanceof Offer || api instanceof Procedure
  return new Guarded<unknown>(check, explicit ? api : new Routed(api, undefined)) as Offer<Api>
}

/** What guards say: true, or why not. */
export type Verdict = true | Denial

/** A guard said no; `cause` is what it threw, if it threw. */
export class Denial {
  readonly cause: unknown
  constructor(cause: unknown) {
    this.cause = cause
  }

  /** What the caller is told. A guard may put it into words of its own by throwing an RpcError DENIED. */
  error(method: string): RpcError {
    if (this.cause instanceof RpcError && this.cause.code === 'BRAID_DENIED') return this.cause
    const why = `not allowed to call "${method}"`
    return new RpcError('DENIED', why, { executed: 'no', cause: this.cause })
  }
}

/** Asks guards one after the other; at once when they all answer at once. Never throws and never rejects. */
export function ask(checks: readonly Check[], ctx: HandlerContext, from = 0): Verdict | Promise<Verdict> {
  for (let index = from; index < checks.length; index++) {
    try {
      const answer = checks[index]!(ctx)
      if (isThenable(answer)) return askLater(answer, checks, ctx, index + 1)
      if (answer !== true) return new Denial(undefined)
    } catch (error) {
      return new Denial(error)
    }
  }
  return true
}

async function askLater(
  answer: PromiseLike<unknown>,
  checks: readonly Check[],
  ctx: HandlerContext,
  next: number,
): Promise<Verdict> {
  try {
    return (await answer) === true ? ask(checks, ctx, next) : new Denial(undefined)
  } catch (error) {
    return new Denial(error)
  }
}

/** What guards have said about one caller: a subtree's guard need not be asked once for each of its methods. */
export type Answers = Map<Check, boolean | Promise<boolean>>

/** Whether all guards let pass. Never throws and never rejects. */
export function admits(
  checks: readonly Check[],
  ctx: HandlerContext,
  answers: Answers,
  from = 0,
): boolean | Promise<boolean> {
  for (let index = from; index < checks.length; index++) {
    const check = checks[index]!
    let answer = answers.get(check)
    if (answer === undefined) {
      const verdict = ask([check], ctx)
      answer = verdict instanceof Promise ? verdict.then((later) => later === true) : verdict === true
      answers.set(check, answer)
    }
    if (answer instanceof Promise) return answer.then((open) => open && admits(checks, ctx, answers, index + 1))
    if (!answer) return false
  }
  return true
}
