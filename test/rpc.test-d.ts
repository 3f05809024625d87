// What a client's types must say, and what must not compile. Checked by the compiler, never run.

import { Readable } from 'node:stream'
import { type } from 'arktype'
import type { BraidError, Session, Stream } from 'braidwire'
import {
  type Client,
  type ContextMiddleware,
  guard,
  type MethodName,
  type Middleware,
  mount,
  procedure,
  type Remote,
  type RemoteFunction,
  type RemoteItems,
  router,
  type Safe,
  withContext,
  wrap,
} from 'braidwire/rpc'
import * as v from 'valibot'
import { z } from 'zod'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_equal: Same<A, B>): void => {}

const api = {
  add: (a: number, b: number) => a + b,
  async read(name: string, options?: { from: number }): Promise<Uint8Array> {
    return new Uint8Array(options?.from ?? name.length)
  },
  join: (...words: string[]) => words.join(),
  nothing: () => {},
  late: (): PromiseLike<bigint> | undefined => undefined,
  whoami: withContext((ctx, prefix: string) => `${prefix}${ctx.method}`),
  version: 3,
  with: () => 1,
}

class Counter {
  #count = 0
  increment(by: number): number {
    this.hidden()
    this.#count += by
    return this.#count
  }
  private hidden(): void {}
  label = 'text'
}

export async function inference(session: Session): Promise<void> {
  const remote = wrap<typeof api>(session)
  same<Awaited<ReturnType<typeof remote.add>>, number>(true)
  same<Parameters<typeof remote.read>, [name: string, options?: { from: number } | undefined]>(true)
  same<ReturnType<typeof remote.read>, Promise<Uint8Array>>(true)
  same<ReturnType<typeof remote.join>, Promise<string>>(true)
  same<ReturnType<typeof remote.nothing>, Promise<void>>(true)
  same<ReturnType<typeof remote.late>, Promise<bigint | undefined>>(true)
  same<Parameters<typeof remote.whoami>, [prefix: string]>(true)
  same<ReturnType<typeof remote.whoami>, Promise<string>>(true)
  same<MethodName<typeof api>, 'add' | 'read' | 'join' | 'nothing' | 'late' | 'whoami'>(true)
  same<MethodName<Counter>, 'increment'>(true)
  same<typeof remote, Client<typeof api>>(true)
  await remote.with({ timeout: 5 }).add(1, 2)
  await remote.read('a')
  await remote.join('a', 'b', 'c')

  const some = wrap<typeof api>(session, ['add'])
  same<ReturnType<typeof some.add>, Promise<number>>(true)
  const named = wrap(session, ['read', 'write'])
  same<keyof typeof named, 'read' | 'write' | 'with'>(true)
  same<ReturnType<typeof named.read>, Promise<unknown>>(true)
  const any = wrap(session)
  same<ReturnType<NonNullable<typeof any.whatever>>, Promise<unknown>>(true)
  same<MethodName<{ then(): void; toJSON(): string; with(): void; read(): void }>, 'read'>(true)
  const counter = wrap<Counter>(session)
  same<ReturnType<typeof counter.increment>, Promise<number>>(true)
}

export async function negatives(session: Session): Promise<void> {
  const remote = wrap<typeof api>(session)
  // @ts-expect-error a string where a number is wanted
  await remote.add('1', 2)
  // @ts-expect-error an argument is missing
  await remote.add(1)
  // @ts-expect-error one argument too many
  await remote.nothing(1)
  // @ts-expect-error no such method
  await remote.subtract(1, 2)
  // @ts-expect-error the context is not an argument
  await remote.whoami({}, 'x')
  // @ts-expect-error not a function there
  await remote.version
  // @ts-expect-error a client is no promise
  remote.then(() => {})
  // @ts-expect-error `with` takes call options
  remote.with({ patience: 5 })
  // @ts-expect-error results are promises
  const sum: number = remote.add(1, 2)
  // @ts-expect-error methods cannot be replaced
  remote.add = async () => sum
  // @ts-expect-error no such method to list
  wrap<typeof api>(session, ['subtract'])
  // @ts-expect-error not in the list of names
  await wrap(session, ['read']).write()
  // @ts-expect-error private methods are not offered by the type
  await wrap<Counter>(session).hidden()
}

interface User {
  readonly id: bigint
}

const withUser: ContextMiddleware<{ user: User }> = async (call, next) => {
  if (call.ctx.principal === undefined) throw new Error('nobody')
  return next({ user: { id: 1n } })
}
const timing: Middleware = async (_call, next) => next()

class Files {
  read(name: string): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(name.length))
  }
}

const text = z.object({ name: z.string(), size: z.string().transform(Number) })
const service = {
  async *ticks(everyMs: number): AsyncGenerator<number, string> {
    yield everyMs
    return 'over'
  },
  async lines(): Promise<AsyncIterable<string>> {
    return service.items()
  },
  async *items() {
    yield 'a'
  },
  sum: async (numbers: AsyncIterable<number>) => (await numbers[Symbol.asyncIterator]().next()).value as number,
  collect: async (words: AsyncGenerator<string>) => words,
  upload: async (_name: string, body: Stream, _times?: number) => body.id,
  watch(_path: string, onChange: (event: { path: string }) => void) {
    onChange({ path: '' })
  },
  keepWatch: (_path: string, onChange: Remote<(event: { path: string }) => number>) => onChange.release(),
  counter: () => (by: number) => by,
  subscribe: async () => ({ id: 1, stop: () => {} }),
  bytes: () => new Uint8Array(),
  table: () => new Map<string, number>(),
  open: async (): Promise<Stream> => Promise.reject(new Error()),
  file: () => Readable.from([]),
  never: (): never => {
    throw new Error()
  },
  files: { read: async (name: string) => name.length, deep: { er: { there: () => true } } },
  disk: router(new Files()),
  admin: guard(() => true, { stop: (why: string) => why }),
  erase: guard(
    () => true,
    (name: string) => name,
  ),
  tenant: mount<{ read(name: string): number }>({ invoke: () => 1 }),
  zod: procedure.input(text).handler(({ input }) => input.size),
  valibot: procedure
    .input(v.object({ name: v.optional(v.string(), 'x') }))
    .output(v.pipe(v.string(), v.transform(Number)))
    .handler(({ input }) => input.name),
  arktype: procedure.input(type({ name: 'string', 'age?': 'number' })).handler(async ({ input }) => input.age ?? 0),
  now: procedure.doc('The time.').handler(() => 3n),
  maybe: procedure.input(z.string().optional()).handler(({ input }) => input ?? 'none'),
  checked: procedure
    .output(z.object({ at: z.number() }))
    .input(z.number())
    .handler(async function* ({ input }) {
      yield { at: input }
    }),
  free: procedure.input(z.number()).handler(async function* ({ input }) {
    yield input
    return 'end'
  }),
  guarded: guard(
    () => true,
    procedure.use(withUser).handler(({ ctx }) => ctx.context.user.id),
  ),
  layers: procedure
    .use(timing)
    .use(async (_call, next) => next({ tenant: 'a' }))
    .use(async (call, next) => next({ tag: `${call.context.tenant}!` }))
    .use(withUser)
    .idempotent()
    .handler(({ ctx: { context } }) => [context.tenant, context.tag, context.user.id] as const),
  limits: { max: 3 },
  list: [1, 2],
}

export async function services(session: Session, readable: Readable): Promise<void> {
  const remote = wrap<typeof service>(session)
  same<typeof remote, Client<typeof service>>(true)
  same<ReturnType<typeof remote.ticks>, RemoteItems<number, string>>(true)
  same<ReturnType<typeof remote.lines>, RemoteItems<string, unknown>>(true)
  same<ReturnType<typeof remote.items>, RemoteItems<string, void>>(true)
  for await (const tick of remote.ticks(5)) same<typeof tick, number>(true)
  const end = await remote.ticks(5).next()
  if (end.done) same<typeof end.value, string>(true)

  same<Parameters<typeof remote.sum>, [numbers: AsyncIterable<number>]>(true)
  same<Parameters<typeof remote.collect>, [words: AsyncIterable<string>]>(true)
  await remote.sum(
    (async function* () {
      yield 1
    })(),
  )
  await remote.upload('a', readable)
  await remote.upload('a', new ReadableStream<Uint8Array>(), 3)
  await remote.upload('a', new TransformStream<Uint8Array, Uint8Array>())
  await remote.upload('a', session.open('x'))
  await remote.watch('a', ({ path }) => path.length)
  await remote.keepWatch('a', ({ path }) => path.length)
  await remote.keepWatch('a', async ({ path }) => path.length)

  same<Awaited<ReturnType<typeof remote.counter>>, RemoteFunction<[by: number], number>>(true)
  const counter = await remote.counter()
  same<ReturnType<typeof counter>, Promise<number>>(true)
  counter.release()
  const subscription = await remote.subscribe()
  same<typeof subscription.id, number>(true)
  same<typeof subscription.stop, RemoteFunction<[], void>>(true)
  same<Awaited<ReturnType<typeof remote.bytes>>, Uint8Array<ArrayBuffer>>(true)
  same<Awaited<ReturnType<typeof remote.table>>, Map<string, number>>(true)
  same<ReturnType<typeof remote.open>, Promise<Stream>>(true)
  same<ReturnType<typeof remote.file>, Promise<Stream>>(true)
  same<ReturnType<typeof remote.never>, Promise<never>>(true)
}

export async function routes(session: Session): Promise<void> {
  const remote = wrap<typeof service>(session)
  same<ReturnType<typeof remote.files.read>, Promise<number>>(true)
  same<ReturnType<typeof remote.files.deep.er.there>, Promise<boolean>>(true)
  same<ReturnType<typeof remote.disk.read>, Promise<Uint8Array<ArrayBufferLike>>>(true)
  same<Parameters<typeof remote.admin.stop>, [why: string]>(true)
  same<ReturnType<typeof remote.erase>, Promise<string>>(true)
  same<ReturnType<typeof remote.tenant.read>, Promise<number>>(true)
  await remote.files.with({ timeout: 5, metadata: { trace: 'a' } }).deep.er.there()
  same<
    MethodName<Pick<typeof service, 'files' | 'admin' | 'now' | 'erase'>>,
    'files.read' | 'files.deep.er.there' | 'admin.stop' | 'now' | 'erase'
  >(true)
  wrap<typeof service>(session, ['files.read', 'now'])

  const named = wrap(session, ['files.read', 'files.disk.free', 'now'])
  same<ReturnType<typeof named.files.disk.free>, Promise<unknown>>(true)
  same<keyof typeof named, 'files' | 'now' | 'with'>(true)
  const any = wrap(session)
  same<ReturnType<NonNullable<NonNullable<typeof any.files>['read']>>, Promise<unknown>>(true)
  const result = await remote.files.read.safe('a')
  same<typeof result, Safe<number>>(true)
  if (result.ok) same<typeof result.value, number>(true)
  else same<typeof result.error, BraidError>(true)
  same<ReturnType<typeof remote.files.read.tell>, Promise<void>>(true)
  // @ts-expect-error: a name is a text
  void remote.files.read.tell(1)
  same<ReturnType<typeof remote.ticks.safe>, Promise<Safe<RemoteItems<number, string>>>>(true)
}

interface Declared {
  read(name: string): Promise<string>
  optional?(): void
  readonly sub: { size(): number }
}

export async function shapes(session: Session): Promise<void> {
  const declared = wrap<Declared>(session)
  same<ReturnType<typeof declared.read>, Promise<string>>(true)
  same<ReturnType<typeof declared.sub.size>, Promise<number>>(true)
  same<keyof typeof declared, 'read' | 'sub' | 'with'>(true)
  const record = wrap<Record<string, (x: number) => string>>(session)
  same<ReturnType<NonNullable<typeof record.any>>, Promise<string>>(true)
  const guarded = guard(() => true, { stop: (why: string) => why })
  same<ReturnType<Client<typeof guarded>['stop']>, Promise<string>>(true)
  same<MethodName<typeof guarded>, 'stop'>(true)
  same<Client<typeof guarded>, Client<{ stop: (why: string) => string }>>(true)
}

export function procedures(session: Session): void {
  const remote = wrap<typeof service>(session)
  same<Parameters<typeof remote.zod>, [input: { name: string; size: string }]>(true)
  same<ReturnType<typeof remote.zod>, Promise<number>>(true)
  same<Parameters<typeof remote.valibot>, [input: { name?: string | undefined }]>(true)
  same<ReturnType<typeof remote.valibot>, Promise<number>>(true)
  same<Parameters<typeof remote.arktype>, [input: { name: string; age?: number }]>(true)
  same<ReturnType<typeof remote.arktype>, Promise<number>>(true)
  same<Parameters<typeof remote.now>, []>(true)
  same<ReturnType<typeof remote.now>, Promise<bigint>>(true)
  same<Parameters<typeof remote.maybe>, [input?: string | undefined]>(true)
  same<ReturnType<typeof remote.checked>, RemoteItems<{ at: number }, void>>(true)
  same<ReturnType<typeof remote.free>, RemoteItems<number, string>>(true)
  same<ReturnType<typeof remote.guarded>, Promise<bigint>>(true)
  same<ReturnType<typeof remote.layers>, Promise<readonly [string, string, bigint]>>(true)
}

export async function refused(session: Session): Promise<void> {
  const remote = wrap<typeof service>(session)
  // @ts-expect-error items are no promise
  remote.ticks(5).then(() => {})
  // @ts-expect-error a list is no async iterable
  await remote.sum([1, 2])
  // @ts-expect-error items of another type
  await remote.sum(remote.items())
  // @ts-expect-error bytes are no stream
  await remote.upload('a', new Uint8Array())
  // @ts-expect-error the callback gets an event, not a number
  await remote.watch('a', (count: number) => count)
  // @ts-expect-error a subtree is not called
  await remote.files()
  // @ts-expect-error no such method in the subtree
  await remote.files.write('a')
  // @ts-expect-error a guarded method keeps its parameters
  await remote.admin.stop(5)
  // @ts-expect-error a list in an API is no subtree
  remote.list.length
  // @ts-expect-error not what the schema takes in
  await remote.zod({ name: 'a', size: 5 })
  // @ts-expect-error a procedure takes one argument
  await remote.arktype({ name: 'a' }, 1)
  // @ts-expect-error this one takes none
  await remote.now(1)
  // @ts-expect-error the input is not optional
  await remote.arktype()
  // @ts-expect-error the value is there only when it went well
  const size: number = (await remote.files.read.safe('a')).value
  // @ts-expect-error no such name in a subtree
  wrap<typeof service>(session, ['files.write', `${size}`])
  // @ts-expect-error a result the output schema does not take
  procedure.output(z.string()).handler(() => 5)
  // @ts-expect-error items the output schema does not take
  procedure.output(z.string()).handler(async function* () {
    yield 5
  })
  // @ts-expect-error no validator
  procedure.input({ name: 'string' })
  // @ts-expect-error nobody has added a user
  procedure.handler(({ ctx }) => ctx.context.user.id)
  // @ts-expect-error middleware answers with what next answered
  procedure.use(async (_call, next: () => Promise<object>) => void next())
  // @ts-expect-error a check answers whether
  guard(() => 'yes', service.files)
  // @ts-expect-error the options of a subtree are call options
  remote.files.with({ patience: 5 })
}
