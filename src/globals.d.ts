// The platform names the isomorphic code may use: what every runtime we promise has, and nothing more.

interface TextEncoder {
  encode(text?: string): Uint8Array
  encodeInto(text: string, into: Uint8Array): { read: number; written: number }
}
declare var TextEncoder: { new (): TextEncoder }

interface TextDecoder {
  decode(bytes?: Uint8Array): string
}
declare var TextDecoder: { new (label?: string, options?: { fatal?: boolean }): TextDecoder }

interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
  throwIfAborted(): void
}
interface AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}
declare var AbortController: { new (): AbortController }

declare function queueMicrotask(task: () => void): void
declare function setTimeout(task: () => void, ms: number): unknown
declare function clearTimeout(handle: unknown): void

/** Not everywhere: Bare has none of these, older Safari no byte streams. */
interface ReadableStream<R = unknown> {
  getReader(): { read(): Promise<{ done: boolean; value?: R }> }
}
declare var ReadableStream: { new <R>(source: object, strategy: { highWaterMark: number }): ReadableStream<R> }

declare var ReadableByteStreamController: object

interface WritableStream<W = unknown> {
  getWriter(): { write(chunk: W): Promise<void> }
}
declare var WritableStream: {
  new <W>(sink: object, strategy: { highWaterMark: number; size(chunk: W): number }): WritableStream<W>
}
