// Procedures: methods that say what they take and answer, checked by any Standard Schema validator.
// The builder and its types; procedure-method.ts runs what is built here.

import type { ContextMiddleware, Middleware } from '../middleware.ts'
import type { HandlerContext } from './method.ts'
import { isSchema, type SchemaInput, type SchemaOutput, type StandardSchema } from './schema.ts'

/** What no middleware has added to yet: anything may be there, nothing is known of it. */
export type BareContext = Readonly<Record<string, unknown>>

/** What a procedure's handler gets. */
export interface ProcedureCall<Input, Context extends object> {
  /** What the input validator made of the caller's argument; undefined without one. */
  readonly input: Input
  /** The call itself. `ctx.context` holds what middleware added. */
  readonly ctx: HandlerContext<Context>
  /** Aborts when the caller gave up, the deadline passed or the session ended. */
  readonly signal: AbortSignal
}

/** A method that says what it takes and answers; made by {@link procedure}. */
export class Procedure<Args extends readonly unknown[], Result> {
  /** Never there; it carries the types to clients. */
  declare readonly '~call'?: ((...values: Args) => Result) | undefined
  readonly definition: Definition

  constructor(definition: Definition) {
    this.definition = definition
  }
}

/** All that is said of a procedure. */
export interface Definition {
  readonly input?: StandardSchema | undefined
  readonly output?: StandardSchema | undefined
  readonly middlewares: readonly Middleware[]
  readonly doc?: string | undefined
  readonly idempotent: boolean
  readonly run: (call: ProcedureCall<unknown, object>) => unknown
}

/** The arguments of a procedure: one, which may be left out when it may be undefined. */
export type InputArgs<Input> = undefined extends Input ? [input?: Input] : [input: Input]

/** A procedure in the making; each step makes a new one, so that a beginning can be shared. */
export interface ProcedureBuilder<Args extends readonly unknown[], Input, Context extends object> {
  /** What the one argument must be. Without it the procedure takes none. */
  input<Schema extends StandardSchema>(
    schema: Schema,
  ): ProcedureBuilder<InputArgs<SchemaInput<Schema>>, SchemaOutput<Schema>, Context>
  /** What the result must be; of a generator, what each item must be. Any other result never leaves: INTERNAL. */
  output<Schema extends StandardSchema>(
    schema: Schema,
  ): CheckedBuilder<Args, Input, Context, SchemaInput<Schema>, SchemaOutput<Schema>>
  /** Runs `middleware` around validation and handler; what it gives to `next` becomes part of `ctx.context`. */
  use<Added extends object>(
    middleware: ContextMiddleware<Added, Context>,
  ): ProcedureBuilder<Args, Input, Context & Added>
  use(middleware: Middleware): ProcedureBuilder<Args, Input, Context>
  /** A sentence for people, in the manifest. */
  doc(text: string): ProcedureBuilder<Args, Input, Context>
  /** Says that calling it twice does no more than calling it once: then a lost call may be tried again. */
  idempotent(): ProcedureBuilder<Args, Input, Context>
  /** What is to be done. May be async, or an async generator. */
  handler<Result>(run: (call: ProcedureCall<Input, Context>) => Result): Procedure<Args, Result>
}

/** A procedure in the making whose result is checked. */
export interface CheckedBuilder<Args extends readonly unknown[], Input, Context extends object, Given, Result> {
  /** As of {@link ProcedureBuilder}. */
  input<Schema extends StandardSchema>(
    schema: Schema,
  ): CheckedBuilder<InputArgs<SchemaInput<Schema>>, SchemaOutput<Schema>, Context, Given, Result>
  /** As of {@link ProcedureBuilder}. */
  use<Added extends object>(
    middleware: ContextMiddleware<Added, Context>,
  ): CheckedBuilder<Args, Input, Context & Added, Given, Result>
  use(middleware: Middleware): CheckedBuilder<Args, Input, Context, Given, Result>
  /** As of {@link ProcedureBuilder}. */
  doc(text: string): CheckedBuilder<Args, Input, Context, Given, Result>
  /** As of {@link ProcedureBuilder}. */
  idempotent(): CheckedBuilder<Args, Input, Context, Given, Result>
  /** What is to be done. Of an async generator every item is checked; it returns nothing. */
  handler(
    run: (call: ProcedureCall<Input, Context>) => AsyncIterable<Given, void> | Promise<AsyncIterable<Given, void>>,
  ): Procedure<Args, AsyncGenerator<Result, void, undefined>>
  handler(run: (call: ProcedureCall<Input, Context>) => Given | PromiseLike<Given>): Procedure<Args, Result>
}

const start: Definition = {
  middlewares: [],
  idempotent: false,
  run: () => undefined,
}

class Builder {
  readonly #made: Definition

  constructor(made: Definition) {
    this.#made = made
  }

  input(schema: StandardSchema): Builder {
    return new Builder({ ...this.#made, input: checkSchema(schema, 'input') })
  }

  output(schema: StandardSchema): Builder {
    return new Builder({ ...this.#made, output: checkSchema(schema, 'output') })
  }

  use(middleware: Middleware): Builder {
    if (typeof middleware !== 'function') throw new TypeError('use() takes a function (call, next) => next()')
    return new Builder({ ...this.#made, middlewares: [...this.#made.middlewares, middleware] })
  }

  doc(text: string): Builder {
    if (typeof text !== 'string') throw new TypeError('doc() takes a text')
    return new Builder({ ...this.#made, doc: text })
  }

  idempotent(): Builder {
    return new Builder({ ...this.#made, idempotent: true })
  }

  handler(run: Definition['run']): Procedure<unknown[], unknown> {
    if (typeof run !== 'function') throw new TypeError('handler() takes a function ({ input, ctx, signal }) => result')
    return new Procedure({ ...this.#made, run })
  }
}

function checkSchema(schema: unknown, where: string): StandardSchema {
  if (!isSchema(schema)) throw new TypeError(`${where}() takes a validator that is a Standard Schema`)
  return schema
}

/**
 * Where a procedure begins: a method that says what it takes and answers.
 *
 * Any Standard Schema validator will do: zod, valibot, arktype. Input that does not pass answers the call with
 * INVALID_INPUT, with `error.data.issues` (what and where, at most sixteen), and the handler is not run. A result that does
 * not pass is a bug of the handler: the caller gets INTERNAL and nothing of it. Guards are asked first, then middleware
 * runs, then the input is checked. A procedure takes one argument, or none.
 *
 * @throws TypeError from its steps for what is no validator or no function.
 * @example
 * import { pair } from 'braidwire/test'
 * import { expose, procedure, wrap } from 'braidwire/rpc'
 *
 * // Stands for a validator's own: z.string(), v.string(), type('string')
 * const text = {
 *   '~standard': {
 *     version: 1,
 *     vendor: 'example',
 *     validate: (value) => (typeof value === 'string' ? { value } : { issues: [{ message: 'no text' }] }),
 *   },
 * }
 * const api = {
 *   greet: procedure
 *     .input(text)
 *     .output(text)
 *     .doc('Says hello.')
 *     .handler(({ input }) => `hello ${input}`),
 * }
 * const [server, client] = pair()
 * expose(server, api)
 * console.log(await wrap(client).greet('you')) // 'hello you'
 * await wrap(client).greet(7).catch((error) => console.log(error.data.issues[0].message)) // 'no text'
 * await client.close()
 */
export const procedure: ProcedureBuilder<[], undefined, BareContext> = new Builder(
  start,
) as unknown as ProcedureBuilder<[], undefined, BareContext>
