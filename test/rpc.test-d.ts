// What a client's types must say, and what must not compile. Checked by the compiler, never run.

import type { Session } from 'braidwire'
import { type Client, type MethodName, withContext, wrap } from 'braidwire/rpc'

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
  await remote.with({ timeoutMs: 5 }).add(1, 2)
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
  remote.with({ timeout: 5 })
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
