// Standard Schema (https://standardschema.dev): what any validator offers, and what its answer means here.
// Knows no validator by name, apart from the ways some of them give a JSON Schema.

import { isThenable } from '../../session/deferred.ts'
import { RpcError } from '../failure.ts'
import type { JsonSchema } from './method.ts'

/** A validator: zod, valibot, arktype and many others are one. `Input` is what goes in, `Output` what comes out. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a validator answers: a value, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that is wrong, and where. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What goes into a validator. */
export type SchemaInput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['input']
/** What comes out of a validator. */
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output']

/** One thing wrong with an input, as `error.data.issues` has it. */
export interface Issue {
  readonly message: string
  /** Keys that lead from the input to the place; empty for the input itself. */
  readonly path: readonly (string | number)[]
}

/** Issues share the details of a reply, which hold 8 KiB: at most this many, of together this many characters. */
const ISSUES_MAX = 16
const ISSUE_CHARS_MAX = 2048
const MESSAGE_CHARS_MAX = 200

/** Whether this looks like a validator. */
export function isSchema(value: unknown): value is StandardSchema {
  const holds = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return holds && typeof (value as Partial<StandardSchema>)['~standard']?.validate === 'function'
}

/** Validates and goes on with the value, at once when the validator answers at once. `refuse` makes the error. */
export function validated<Result>(
  schema: StandardSchema,
  value: unknown,
  refuse: (issues: readonly SchemaIssue[]) => Error,
  proceed: (value: unknown) => Result,
): Result | Promise<Awaited<Result>> {
  const settle = (result: SchemaResult<unknown>): Result => {
    if (result.issues !== undefined) throw refuse(result.issues)
    return proceed(result.value)
  }
  const result = schema['~standard'].validate(value)
  return isThenable(result)
    ? ((result as Promise<SchemaResult<unknown>>).then(settle) as Promise<Awaited<Result>>)
    : settle(result as SchemaResult<unknown>)
}

/** The caller sent what the method does not take: it is told what and where, and nothing was executed. */
export function invalidInput(issues: readonly SchemaIssue[]): RpcError {
  const listed = listIssues(issues)
  const first = listed[0]
  const where = first === undefined || first.path.length === 0 ? '' : ` at ${first.path.join('.')}`
  return new RpcError('INVALID_INPUT', `the input is not valid${where}: ${first?.message ?? 'refused'}`, {
    data: { issues: listed },
    executed: 'no',
  })
}

/** What a handler answered is not what its method promises. Meant for its author: the caller gets no word of it. */
export class OutputError extends Error {
  readonly issues: readonly Issue[]

  constructor(issues: readonly SchemaIssue[]) {
    const listed = listIssues(issues)
    super(`the result is not what the output schema allows: ${listed[0]?.message ?? 'refused'}`)
    this.name = 'OutputError'
    this.issues = listed
  }
}

/** Issues as plain data, and no more of them than fit into a reply. */
function listIssues(issues: readonly SchemaIssue[]): Issue[] {
  const listed: Issue[] = []
  let room = ISSUE_CHARS_MAX
  for (const issue of issues) {
    if (listed.length === ISSUES_MAX) break
    const message = String(issue.message).slice(0, MESSAGE_CHARS_MAX)
    // Validators have lists of classes of their own; what travels is plain.
    const path = Array.from(issue.path ?? [], keyOf)
    room -= message.length + path.reduce<number>((sum, key) => sum + String(key).length + 2, 0)
    if (room >= 0) listed.push({ message, path })
    // The first is always told, without a path that alone is too long.
    else if (listed.length === 0) listed.push({ message, path: [] })
    else break
  }
  return listed
}

function keyOf(segment: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof segment === 'object' ? segment.key : segment
  return typeof key === 'number' ? key : String(key)
}

/** JSON Schema of a validator in the three ways validators offer one; undefined when it offers none, or cannot. */
export function jsonSchemaOf(schema: StandardSchema, side: 'input' | 'output'): JsonSchema | undefined {
  const offered = schema as StandardSchema & {
    readonly '~standard': { readonly jsonSchema?: Record<'input' | 'output', (options: object) => unknown> }
    toJSONSchema?(options?: object): unknown
    toJsonSchema?(): unknown
  }
  try {
    const standard = offered['~standard'].jsonSchema
    const made =
      typeof standard?.[side] === 'function'
        ? standard[side]({ target: 'draft-2020-12' })
        : typeof offered.toJSONSchema === 'function'
          ? offered.toJSONSchema({ io: side })
          : offered.toJsonSchema?.()
    return typeof made === 'object' && made !== null && !Array.isArray(made) ? (made as JsonSchema) : undefined
  } catch {
    // A transformation, a date, a function: not every validator can be said in JSON Schema.
    return undefined
  }
}
