// A plain function as a method, and what all methods have in common: a name, a shape, and guards in front.
// Knows functions and guards; knows no schema.

import { contextHandler, type MethodContext } from '../context.ts'
import { type Answers, admits, ask, Denial, type Verdict } from './guard.ts'
import type { AnyFunction, HandlerContext, Method, MethodDescription } from './method.ts'
import type { Check, MountHandler } from './offer.ts'

/** The guards in front of a method, the outermost first. */
export type Asked = readonly Check[]

/** Whether this is an async generator function: then it answers with items, whatever its arguments are. */
export function isGenerator(run: AnyFunction): boolean {
  return (run as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'AsyncGeneratorFunction'
}

/** What is said of a method that says nothing. */
const nothing: MethodDescription = Object.freeze({})

/** A method behind its guards. */
export abstract class MethodBase implements Method {
  readonly name: string
  readonly shape: 'call' | 'items'
  readonly idempotent: boolean
  readonly #asked: Asked
  #description: MethodDescription | undefined

  constructor(name: string, shape: 'call' | 'items', idempotent: boolean, asked: Asked) {
    this.name = name
    this.shape = shape
    this.idempotent = idempotent
    this.#asked = asked
  }

  get description(): MethodDescription {
    this.#description ??= this.describe()
    return this.#description
  }

  invoke(values: readonly unknown[], ctx: HandlerContext): unknown {
    // Most methods have no guard, and pay nothing for those that have.
    if (this.#asked.length === 0) return this.run(values, ctx)
    return behind(this.#asked, this.name, ctx, () => this.run(values, ctx))
  }

  admits(ctx: HandlerContext, answers: Answers = new Map()): boolean | Promise<boolean> {
    return admits(this.#asked, ctx, answers)
  }

  /** Runs it: the guards have let the call pass. */
  abstract run(values: readonly unknown[], ctx: HandlerContext): unknown

  describe(): MethodDescription {
    return nothing
  }
}

/** Runs what stands behind guards, or throws why not; at once when the guards answer at once. */
function behind(asked: Asked, name: string, ctx: HandlerContext, run: () => unknown): unknown {
  const decide = (verdict: Verdict): unknown => {
    if (verdict instanceof Denial) throw verdict.error(name)
    return run()
  }
  const verdict = ask(asked, ctx)
  return verdict instanceof Promise ? verdict.then(decide) : decide(verdict)
}

/** A function of an object; `this` in it is that object. */
export class FunctionMethod extends MethodBase {
  readonly #holder: object
  readonly #run: (...values: unknown[]) => unknown

  constructor(name: string, holder: object, run: AnyFunction, asked: Asked) {
    super(name, isGenerator(run) ? 'items' : 'call', false, asked)
    this.#holder = holder
    this.#run = run as (...values: unknown[]) => unknown
  }

  override run(values: readonly unknown[]): unknown {
    return this.#run.apply(this.#holder, values as unknown[])
  }
}

/** A function made by `withContext`. */
export class ContextMethod extends MethodBase {
  readonly #run: (ctx: HandlerContext, ...values: unknown[]) => unknown

  constructor(name: string, run: AnyFunction, asked: Asked) {
    super(name, isGenerator(run) ? 'items' : 'call', false, asked)
    this.#run = run as (ctx: HandlerContext | MethodContext, ...values: unknown[]) => unknown
  }

  override run(values: readonly unknown[], ctx: HandlerContext): unknown {
    return this.#run(ctx, ...values)
  }
}

/** The method of a function, whichever kind it is. */
export function functionMethod(name: string, holder: object, run: AnyFunction, asked: Asked): Method {
  const handler = contextHandler(run)
  return handler === undefined ? new FunctionMethod(name, holder, run, asked) : new ContextMethod(name, handler, asked)
}

/** A sub-service by its place: everything below `prefix` is its own. */
export class Mounted {
  /** Dotted path of the place: 'tenant' when it answers 'tenant.read'. */
  readonly prefix: string
  readonly #handler: MountHandler
  readonly #asked: Asked

  constructor(prefix: string, handler: MountHandler, asked: Asked) {
    this.prefix = prefix
    this.#handler = handler
    this.#asked = asked
  }

  /** Whether a call of this name is for it. */
  has(name: string): boolean {
    return name.length > this.prefix.length + 1 && name.startsWith(this.prefix) && name[this.prefix.length] === '.'
  }

  /** Runs guards, then the handler with the name below the prefix. `name` is the full one. */
  invoke(name: string, values: readonly unknown[], ctx: HandlerContext): unknown {
    const below = name.slice(this.prefix.length + 1)
    if (this.#asked.length === 0) return this.#handler.invoke(below, values, ctx)
    return behind(this.#asked, name, ctx, () => this.#handler.invoke(below, values, ctx))
  }

  /** Asks only the guards. Never throws and never rejects. */
  admits(ctx: HandlerContext, answers: Answers = new Map()): boolean | Promise<boolean> {
    return admits(this.#asked, ctx, answers)
  }
}
