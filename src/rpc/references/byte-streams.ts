// Byte streams of every kind as a source and a sink of chunks, and the pump between one of them and a Stream.
// Tells them by their shape: knows no platform.

import type { Stream } from '../../session/stream.ts'
import { failPart } from './parts.ts'

/** Where bytes come from. */
interface Source {
  readonly chunks: AsyncIterable<unknown>
  /** Nobody wants more, also while the next chunk is awaited. */
  cancel(): void
}

/** Where bytes go to. */
interface Sink {
  /** Resolves when there is room for more. */
  write(chunk: Uint8Array): Promise<void> | undefined
  end(): unknown
  abort(error: unknown): void
}

/** A byte stream: what can be read of it, and what can be written to it. */
export interface ByteStream {
  readonly source: Source | undefined
  readonly sink: Sink | undefined
}

type Shape = { readonly [Key in string]?: unknown }
const has = (value: Shape, ...names: string[]): boolean => names.every((name) => typeof value[name] === 'function')

type Kind = 'own' | 'node' | 'readable' | 'writable' | 'pair' | undefined

/** Which byte stream a value is, by its shape; undefined if it is none. Node streams of objects are none. */
function kindOf(shape: Shape): Kind {
  if (has(shape, 'write', 'end', 'read', 'batches', 'stop')) return 'own'
  if (has(shape, 'on', 'pipe') || has(shape, 'on', 'write', 'end')) {
    return shape.readableObjectMode === true || shape.writableObjectMode === true ? undefined : 'node'
  }
  if (has(shape, 'getReader')) return 'readable'
  if (has(shape, 'getWriter')) return 'writable'
  const { readable, writable } = shape
  const isPair = isObject(readable) && isObject(writable) && has(readable, 'getReader') && has(writable, 'getWriter')
  return isPair ? 'pair' : undefined
}

function isObject(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null
}

/** Items one after the other. A byte stream can be iterated too, but is more than that. */
export function isItems(value: unknown): value is AsyncIterable<unknown> {
  return isObject(value) && Symbol.asyncIterator in value && kindOf(value) === undefined
}

/** The value as a byte stream, which is from then on handed over; undefined if it is none. */
export function byteStreamOf(value: object): ByteStream | undefined {
  const { readable, writable } = value as { readable?: ReadableLike; writable?: WritableLike }
  switch (kindOf(value as Shape)) {
    case 'own':
      return ofStream(value as Stream)
    case 'node':
      return ofNode(value as Shape)
    case 'readable':
      return { source: ofReadable(value as ReadableLike), sink: undefined }
    case 'writable':
      return { source: undefined, sink: ofWritable(value as WritableLike) }
    case 'pair':
      return { source: ofReadable(readable as ReadableLike), sink: ofWritable(writable as WritableLike) }
    default:
      return undefined
  }
}

/**
 * Joins a byte stream of this side and a part: both ways, each end and failure handed on. Where there is no sink, the other
 * side is told so and ends its half by itself.
 */
export function pump({ source, sink }: ByteStream, part: Stream): void {
  if (source === undefined) part.end()
  else void pourInto(source, part)
  if (sink !== undefined) void pourFrom(part, sink)
}

async function pourInto({ chunks, cancel }: Source, part: Stream): Promise<void> {
  // Whoever reads may leave while the source has nothing to give. The other half may fail alone: then there is still room.
  const onAbort = (): void => void part.ready.catch(cancel)
  part.signal.addEventListener('abort', onAbort)
  try {
    for await (const chunk of chunks) {
      // Whoever wants no more may still have something to say: the other half goes on.
      if (!part.write(toBytes(chunk)) && !(await hasRoom(part))) return cancel()
    }
    part.end()
  } catch (error) {
    cancel()
    failPart(part, error)
  } finally {
    part.signal.removeEventListener('abort', onAbort)
  }
}

/** Waits for room; false when the other side takes no more. */
function hasRoom(part: Stream): Promise<boolean> {
  return part.ready.then(
    () => true,
    () => false,
  )
}

async function pourFrom(part: Stream, sink: Sink): Promise<void> {
  try {
    for await (const chunk of part) {
      const room = sink.write(chunk)
      if (room !== undefined) await room
    }
    await sink.end()
  } catch (error) {
    sink.abort(error)
    part.stop('CANCELLED')
  }
}

const encoder = new TextEncoder()

function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  if (typeof chunk === 'string') return encoder.encode(chunk)
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk)
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  throw new TypeError('a byte stream gave something that is no bytes')
}

const passedOn = new WeakSet<Stream>()

/** Whether it is joined to another, which its ends come from. */
export function isPassedOn(stream: Stream): boolean {
  return passedOn.has(stream)
}

function ofStream(stream: Stream): ByteStream {
  passedOn.add(stream)
  return {
    source: { chunks: stream, cancel: () => stream.stop('CANCELLED') },
    sink: {
      write: (chunk) => (stream.write(chunk) ? undefined : stream.ready),
      end: () => stream.end(),
      abort: () => stream.reset('CANCELLED'),
    },
  }
}

/** As much of Node's streams as is needed. */
interface NodeStream extends AsyncIterable<unknown> {
  readonly writable?: boolean
  readonly destroyed?: boolean
  on(event: string, listener: (...values: unknown[]) => void): unknown
  off(event: string, listener: (...values: unknown[]) => void): unknown
  write(chunk: Uint8Array): boolean
  end(done: (error?: unknown) => void): unknown
  destroy(error?: unknown): unknown
  iterator?(options: { destroyOnReturn: boolean }): AsyncIterable<unknown>
}

function ofNode(shape: Shape): ByteStream {
  const node = shape as unknown as NodeStream
  // It was handed over: nobody else listens, and an unheard error would end the process.
  node.on('error', () => {})
  const readable = has(shape, 'read') && Symbol.asyncIterator in shape
  const sink = has(shape, 'write', 'end') ? ofNodeWritable(node) : undefined
  if (!readable) return { source: undefined, sink }
  // Left to itself the loop destroys a duplex that can be written still.
  const chunks = node.iterator?.({ destroyOnReturn: false }) ?? node
  if (sink === undefined) return { source: { chunks, cancel: () => node.destroy() }, sink }
  return halves(node, chunks, sink)
}

/** A duplex goes when one half is done and the other is not wanted. */
function halves(node: NodeStream, chunks: AsyncIterable<unknown>, sink: Sink): ByteStream {
  let unwanted = false
  let done = false
  const cancel = (): void => {
    unwanted = true
    if (done) node.destroy()
  }
  const end = async (): Promise<void> => {
    await sink.end()
    done = true
    if (unwanted) node.destroy()
  }
  return { source: { chunks, cancel }, sink: { ...sink, end } }
}

function ofNodeWritable(node: NodeStream): Sink {
  let failure: unknown
  node.on('error', (error) => {
    failure = error
  })
  const settled = (event: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (): void => {
        for (const name of [event, 'close', 'error']) node.off(name, done)
        if (failure === undefined && (event !== 'drain' || node.writable !== false)) resolve()
        else reject(failure ?? new Error('the stream was closed'))
      }
      for (const name of [event, 'close', 'error']) node.on(name, done)
    })
  return {
    write(chunk) {
      // One that is gone has told so already, and would not again.
      if (node.destroyed === true || node.writable === false) throw failure ?? new Error('the stream was closed')
      return node.write(chunk) ? undefined : settled('drain')
    },
    end: () => new Promise<void>((resolve, reject) => node.end((error) => (error ? reject(error) : resolve()))),
    abort: (error) => node.destroy(error instanceof Error ? error : undefined),
  }
}

/** As much of web streams as is needed. */
interface ReadableLike {
  getReader(): {
    read(): Promise<{ done: boolean; value?: unknown }>
    cancel(reason?: unknown): Promise<void>
  }
}
interface WritableLike {
  getWriter(): {
    readonly ready: Promise<unknown>
    write(chunk: Uint8Array): Promise<void>
    close(): Promise<void>
    abort(reason?: unknown): Promise<void>
  }
}

/** Web streams iterate themselves in some runtimes only. */
function ofReadable(stream: ReadableLike): Source {
  let cancel = (): void => {}
  async function* chunks(): AsyncGenerator<unknown> {
    const reader = stream.getReader()
    cancel = () => void reader.cancel().catch(() => {})
    let done = false
    try {
      for (;;) {
        const step = await reader.read()
        done = step.done
        if (done) return
        yield step.value
      }
    } finally {
      if (!done) cancel()
    }
  }
  return { chunks: chunks(), cancel: () => cancel() }
}

function ofWritable(stream: WritableLike): Sink {
  const writer = stream.getWriter()
  return {
    write: async (chunk) => {
      await writer.ready
      writer.write(chunk).catch(() => {})
    },
    end: () => writer.close(),
    abort: (error) => writer.abort(error).catch(() => {}),
  }
}
