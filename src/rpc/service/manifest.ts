// Manifest: what a service offers, as data for tools, documentation and clients in other languages.
// Tells each caller only of what that caller may call.

import type { Mounted } from './function-method.ts'
import type { Answers } from './guard.ts'
import type { HandlerContext, JsonSchema, Method, MethodDescription } from './method.ts'

/** Name of the method that tells the manifest. */
export const MANIFEST_METHOD = '$manifest'

/** What is told of one method. */
export interface MethodManifest extends MethodDescription {
  /** `items`: answers with items one after the other. A `call` may do so too. */
  readonly shape: 'call' | 'items'
}

/** What is told of a service: plain data, the same after JSON. */
export interface Manifest {
  /** By full name, in the order of the API. */
  readonly methods: Readonly<Record<string, MethodManifest>>
  /** Where sub-services begin whose methods are not known here. Absent when there are none. */
  readonly mounts?: readonly string[] | undefined
  /** There is more than a manifest holds. Absent when it is complete. */
  readonly truncated?: true | undefined
}

export interface DescribeOptions {
  /** Characters of JSON the manifest may have; at least 1024. Default 262144. */
  readonly chars?: number | undefined
  /** Sub-services to tell of. Default none. */
  readonly mounts?: readonly Mounted[] | undefined
}

/** Defaults and bounds: a manifest is one value, and one schema must not crowd out the names of all methods. */
const CHARS = 262_144
const CHARS_MIN = 1024
const DOC_CHARS_MAX = 2000
const SCHEMA_CHARS_MAX = 16_384

/**
 * Tells what of these methods the caller of `ctx` may call: guards are asked as for a call, but each only once.
 *
 * Input and output are there when the validator offers a JSON Schema (zod 4 and arktype 2 do); one that is too long is left
 * out. The manifest is plain data and bounded.
 *
 * @throws RangeError when `chars` is below 1024.
 */
export async function describe(
  methods: ReadonlyMap<string, Method>,
  ctx: HandlerContext,
  options: DescribeOptions = {},
): Promise<Manifest> {
  let room = options.chars ?? CHARS
  if (!(room >= CHARS_MIN)) throw new RangeError(`chars: at least ${CHARS_MIN}`)
  const told: Record<string, MethodManifest> = {}
  const answers: Answers = new Map()
  const mounts = await admittedMounts(options.mounts ?? [], ctx, answers)
  for (const [name, method] of methods) {
    if (!(await method.admits(ctx, answers))) continue
    const manifest = describeMethod(method)
    room -= name.length + JSON.stringify(manifest).length + 4
    if (room < 0) return { methods: told, ...mounts, truncated: true }
    told[name] = manifest
  }
  return { methods: told, ...mounts }
}

async function admittedMounts(
  mounts: readonly Mounted[],
  ctx: HandlerContext,
  answers: Answers,
): Promise<Pick<Manifest, 'mounts'>> {
  const prefixes: string[] = []
  for (const mounted of mounts) if (await mounted.admits(ctx, answers)) prefixes.push(mounted.prefix)
  return prefixes.length === 0 ? {} : { mounts: prefixes }
}

function describeMethod(method: Method): MethodManifest {
  const { doc, input, output, idempotent } = method.description
  const takes = bounded(input)
  const answers = bounded(output)
  return {
    shape: method.shape,
    ...(doc === undefined ? {} : { doc: doc.slice(0, DOC_CHARS_MAX) }),
    ...(takes === undefined ? {} : { input: takes }),
    ...(answers === undefined ? {} : { output: answers }),
    ...(idempotent === true ? { idempotent } : {}),
  }
}

/** The schema as plain data; undefined when it is too long or no data. */
function bounded(schema: JsonSchema | undefined): JsonSchema | undefined {
  if (schema === undefined) return undefined
  try {
    const text = JSON.stringify(schema)
    return text.length <= SCHEMA_CHARS_MAX ? (JSON.parse(text) as JsonSchema) : undefined
  } catch {
    return undefined
  }
}
