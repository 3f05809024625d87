// What a client looks like to the compiler: an API as its callers see it. Types only; wrap.ts makes them work.
// Interfaces with few parameters, and one conditional type a method, so that editors stay fast.

import type { BraidError } from '../engine/errors.ts'
import type { CallOptions } from '../session/opener.ts'
import type { Stream } from '../session/stream.ts'
import type { AnyFunction } from './service/method.ts'
import type { Offer } from './service/offer.ts'
import type { Procedure } from './service/procedure.ts'

/** What a call may be given beside its arguments. */
export interface MethodOptions extends Pick<CallOptions, 'signal' | 'timeout'> {
  /** Words that travel with the call; the handler reads them as `ctx.metadata`. Default: none. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** Calling twice does no more than calling once: `retry` may try again what may have been executed. Default: false. */
  readonly idempotent?: boolean | undefined
}

/** What `safe` answers: the result, or the error the call would have been rejected with. */
export type Safe<Value> =
  | { readonly ok: true; readonly value: Value; readonly error?: undefined }
  | { readonly ok: false; readonly error: BraidError; readonly value?: undefined }

/** Items from the other side. Leaving the loop early, `return` and `await using` tell the other side to stop. */
export interface RemoteItems<Item, Returned = unknown>
  extends AsyncGenerator<Item, Returned, undefined>,
    AsyncDisposable {
  [Symbol.asyncIterator](): RemoteItems<Item, Returned>
}

/** A function of the other side: an argument of a handler, or a result. It lives there until released. */
export interface RemoteFunction<Args extends readonly unknown[], Result> {
  (...values: Args): Promise<Result>
  /** Lets the other side forget it. Calling it again does nothing. */
  release(): void
  /** The same as `release`. */
  [Symbol.dispose](): void
}

/** A function as the side sees it that did not make it. */
export type Remote<Method extends AnyFunction> = Method extends (...values: infer Args) => infer Result
  ? RemoteFunction<Args, Awaited<Result>>
  : never

/** A method whose result is one value. */
export interface ValueMethod<Args extends readonly unknown[], Result> {
  (...values: Args): Promise<Result>
  /** The same call for those who rather look than catch: it is rejected only for arguments that cannot travel. */
  safe(...values: Args): Promise<Safe<Result>>
  /**
   * The same call without its result: what the method answers is dropped over there and never sent. Nobody need await it: it
   * resolves when the method has ended, and is rejected as the call would be.
   */
  tell(...values: Args): Promise<void>
}

/** A method that answers with items. The call begins at once; its errors come out of the loop. */
export interface ItemsMethod<Args extends readonly unknown[], Item, Returned> {
  (...values: Args): RemoteItems<Item, Returned>
  /** Settles when the other side has taken the call or refused it. */
  safe(...values: Args): Promise<Safe<RemoteItems<Item, Returned>>>
}

/** What Node has for bytes: Readable, Duplex, sockets, files. */
export interface NodeReadable extends AsyncIterable<unknown> {
  pipe(...values: never[]): unknown
  on(...values: never[]): unknown
}
/** What the web platform has for bytes to read. */
export interface WebReadable {
  readonly locked: boolean
  cancel(reason?: unknown): Promise<void>
  getReader(...values: never[]): unknown
}
/** What the web platform has for bytes to write. */
export interface WebWritable {
  readonly locked: boolean
  abort(reason?: unknown): Promise<void>
  getWriter(...values: never[]): unknown
}
/** What can be sent where a handler takes a {@link Stream}. */
export type StreamSource =
  | Stream
  | NodeReadable
  | WebReadable
  | { readonly readable: WebReadable; readonly writable: WebWritable }

/** What a caller may give for a parameter of this type. */
export type Given<Value> = Value extends Stream
  ? StreamSource
  : Value extends RemoteFunction<infer Args, infer Result>
    ? (...values: Args) => Result | PromiseLike<Result>
    : Value extends AsyncIterable<infer Item>
      ? Value extends NodeReadable | WebReadable
        ? Value
        : AsyncIterable<Item>
      : Value

/** The parameters of a method as its callers see them. */
export type GivenAll<Args extends readonly unknown[]> = { [Index in keyof Args]: Given<Args[Index]> }

/** A date, by what it can do. */
interface Moment {
  getTime(): number
  toISOString(): string
}

/** Values that travel as they are, whatever functions their types have. */
type Plain =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly unknown[]
  | ArrayBuffer
  | ArrayBufferView
  | Moment
  | RegExp
  | Error
  | AbortSignal
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>

/** A result as its caller gets it: functions of it stay on the other side. */
export type Received<Value> = Value extends Plain
  ? Value
  : Value extends AnyFunction
    ? Remote<Value>
    : Value extends NodeReadable | WebReadable
      ? Stream
      : Value extends AsyncIterable<unknown>
        ? Value
        : Extract<Value[keyof Value], AnyFunction> extends never
          ? Value
          : { [Key in keyof Value]: Value[Key] extends AnyFunction ? Remote<Value[Key]> : Value[Key] }

/** The method a client has for a function with these parameters and this result. */
type MethodOf<Args extends readonly unknown[], Result> = [Result] extends [never]
  ? ValueMethod<GivenAll<Args>, never>
  : unknown extends Result
    ? ValueMethod<GivenAll<Args>, Result>
    : [Awaited<Result>] extends [AsyncIterable<infer Item>]
      ? [Awaited<Result>] extends [Stream | NodeReadable | WebReadable]
        ? ValueMethod<GivenAll<Args>, Stream>
        : ItemsMethod<GivenAll<Args>, Item, Returned<Awaited<Result>>>
      : ValueMethod<GivenAll<Args>, Received<Awaited<Result>>>

/** What a generator returns at its end; nothing is known of other iterables. */
type Returned<Items> = Items extends AsyncGenerator<unknown, infer Value, never> ? Value : unknown

/** One method as its callers see it: the same arguments, its result as a promise, or its items. */
export type RemoteMethod<Method> = Method extends (...values: infer Args) => infer Result
  ? MethodOf<Args, Result>
  : Method extends Procedure<infer Args, infer Result>
    ? MethodOf<Args, Result>
    : never

/** Words no method has: clients have them for themselves, or must not have them at all. */
type Reserved = 'then' | 'toJSON' | 'with' | 'safe' | 'tell'

/** Keys of an API that clients see: functions, procedures, and objects that hold such. */
type Shown<Api, Key extends keyof Api> = Key extends Reserved
  ? never
  : Key extends string
    ? Api[Key] extends Exclude<Plain, object> | readonly unknown[]
      ? never
      : Api[Key] extends object
        ? Key
        : never
    : never

/** One member of an API as its callers see it. */
type Member<Value> = Value extends AnyFunction | Procedure<never, unknown>
  ? RemoteMethod<Value>
  : Value extends Offer<infer Api>
    ? Member<Api>
    : Client<Value>

/** What every client and every subtree of one has. */
export type ClientScope<Api> = {
  /** The same with other call options, beside those it has. */
  readonly with: (options: MethodOptions) => Client<Api>
}

/** Whether nothing is known of an API; a record of functions of one type is known. */
type IsUnknown<Api> = string extends keyof Api ? (UnknownFunction extends Api[keyof Api] ? true : false) : false

/** A client of an API. */
export type Client<Api> =
  IsUnknown<Api> extends true
    ? UnknownClient
    : Api extends Offer<infer Inner>
      ? Client<Inner>
      : { readonly [Key in keyof Api as Shown<Api, Key>]: Member<Api[Key]> } & ClientScope<Api>

/** Full names of what a client can call: 'add', 'files.read'. */
export type MethodName<Api> =
  Api extends Offer<infer Inner>
    ? MethodName<Inner>
    : {
        [Key in keyof Api]-?: Shown<Api, Key> extends never ? never : NameBelow<Key & string, Api[Key]>
      }[keyof Api]

type NameBelow<Key extends string, Value> = Value extends AnyFunction | Procedure<never, unknown>
  ? Key
  : Value extends Offer<infer Api>
    ? NameBelow<Key, Api>
    : Value extends object
      ? `${Key}.${MethodName<Value>}`
      : never

/** A function of which nothing is known. */
export type UnknownFunction = (...values: unknown[]) => unknown

/** An API of which only names are known, dots and all: any arguments, unknown results. Without names, any name. */
export type UnknownApi<Name extends string = string> = {
  [Key in Name extends `${infer First}.${string}` ? First : Name]: [Extract<Name, `${Key}.${string}`>] extends [never]
    ? UnknownFunction
    : UnknownApi<Name extends `${Key}.${infer Rest}` ? Rest : never>
}

/** A client of an API of which nothing is known: any name at any depth, any arguments, unknown results. */
export type UnknownClient = { readonly [Name in string]: UnknownMember } & ClientScope<UnknownApi>
/** Any name of an unknown API: a method and a subtree at once. */
export type UnknownMember = ValueMethod<unknown[], unknown> & UnknownClient
