// A procedure as a method: guards, middleware, validation, handler, validation, in this order.
// Each step answers at once when nothing in it has to be waited for.

import { isThenable } from '../../session/deferred.ts'
import { compose, serverCall } from '../middleware.ts'
import { isItems } from '../references/byte-streams.ts'
import { type Asked, isGenerator, MethodBase } from './function-method.ts'
import type { HandlerContext, MethodDescription } from './method.ts'
import type { Definition, ProcedureCall } from './procedure.ts'
import { invalidInput, jsonSchemaOf, OutputError, type StandardSchema, validated } from './schema.ts'

/** A procedure, by its name in a service. */
export class ProcedureMethod extends MethodBase {
  readonly #definition: Definition

  constructor(name: string, definition: Definition, asked: Asked) {
    super(name, isGenerator(definition.run) ? 'items' : 'call', definition.idempotent, asked)
    this.#definition = definition
  }

  override describe(): MethodDescription {
    const { doc, input, output, idempotent } = this.#definition
    const described: { -readonly [Key in keyof MethodDescription]: MethodDescription[Key] } = {}
    if (doc !== undefined) described.doc = doc
    const takes = input && jsonSchemaOf(input, 'input')
    if (takes !== undefined) described.input = takes
    // Callers see what comes out of the output's validator.
    const answers = output && jsonSchemaOf(output, 'output')
    if (answers !== undefined) described.output = answers
    if (idempotent) described.idempotent = true
    return described
  }

  override run(values: readonly unknown[], ctx: HandlerContext): unknown {
    const { middlewares, idempotent } = this.#definition
    if (middlewares.length === 0) return this.#take(values, ctx)
    return compose(middlewares, serverCall(ctx, values, idempotent), () => this.#take(values, ctx))
  }

  #take(values: readonly unknown[], ctx: HandlerContext): unknown {
    const { input } = this.#definition
    if (values.length > 1) throw invalidInput([{ message: 'a procedure takes one argument at most' }])
    if (input !== undefined) return validated(input, values[0], invalidInput, (value) => this.#handle(value, ctx))
    if (values[0] !== undefined) throw invalidInput([{ message: 'this procedure takes no argument' }])
    return this.#handle(undefined, ctx)
  }

  #handle(input: unknown, ctx: HandlerContext): unknown {
    const { run, output } = this.#definition
    const result = run(new HandledCall(input, ctx))
    if (output === undefined) return result
    return isThenable(result) ? result.then((value) => checkOutput(output, value)) : checkOutput(output, result)
  }
}

/** Asks the context for its signal only when the handler does. */
class HandledCall implements ProcedureCall<unknown, object> {
  readonly input: unknown
  readonly ctx: HandlerContext

  constructor(input: unknown, ctx: HandlerContext) {
    this.input = input
    this.ctx = ctx
  }

  get signal(): AbortSignal {
    return this.ctx.signal
  }
}

const refuseOutput = (issues: ConstructorParameters<typeof OutputError>[0]): OutputError => new OutputError(issues)
const same = (value: unknown): unknown => value

function checkOutput(schema: StandardSchema, result: unknown): unknown {
  return isItems(result) ? new CheckedItems(schema, result) : validated(schema, result, refuseOutput, same)
}

/**
 * Items that pass their schema. No generator: to end one that was never started would leave the source open.
 * What the source returns is not checked, so it is not told.
 */
class CheckedItems implements AsyncGenerator<unknown, undefined, undefined> {
  readonly #schema: StandardSchema
  readonly #items: AsyncIterable<unknown>
  #source: AsyncIterator<unknown> | undefined
  #over = false

  constructor(schema: StandardSchema, items: AsyncIterable<unknown>) {
    this.#schema = schema
    this.#items = items
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#over) return { done: true, value: undefined }
    this.#source ??= this.#items[Symbol.asyncIterator]()
    const step = await this.#source.next()
    if (step.done === true) {
      this.#over = true
      return { done: true, value: undefined }
    }
    try {
      return { done: false, value: await validated(this.#schema, step.value, refuseOutput, same) }
    } catch (error) {
      await this.return().catch(() => undefined)
      throw error
    }
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    if (!this.#over) {
      this.#over = true
      this.#source ??= this.#items[Symbol.asyncIterator]()
      await this.#source.return?.()
    }
    return { done: true, value: undefined }
  }

  async throw(error: unknown): Promise<IteratorResult<unknown, undefined>> {
    await this.return()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}
