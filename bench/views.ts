// What each view of a stream costs beside the bare stream: bytes and small chunks through its reading and its writing half, and the
// heap an idle one keeps. One process, over a transport in memory, in turns, so that nothing but the view differs.
// Run by `npm run bench:views`, which is node build/bench/views.js with --expose-gc.

import { once } from 'node:events'
import type { Duplex as NodeDuplex } from 'node:stream'
import type { Session, Stream } from 'braidwire'
import { duplex } from 'braidwire/node'
import { type StreamxView, streamx } from 'braidwire/streamx'
import { pair } from 'braidwire/test'
import { web } from 'braidwire/web'

const ROUNDS = 9
const IDLE = 10_000
const sizes = [
  { title: '64 B chunks', bytes: 64, chunks: 40_000 },
  { title: '1 KiB chunks', bytes: 1024, chunks: 40_000 },
  { title: '64 KiB chunks', bytes: 65_536, chunks: 3_000 },
]

/** A way to use one half of a stream. */
interface Half {
  readonly title: string
  /** Reads to the end, counting bytes; or writes so many chunks, and ends. */
  run(stream: Stream, chunk: Uint8Array, chunks: number): Promise<number>
}

const bareRead: Half = {
  title: 'stream',
  async run(stream) {
    let bytes = 0
    for await (const chunk of stream) bytes += chunk.length
    return bytes
  },
}

const bareWrite: Half = {
  title: 'stream',
  async run(stream, chunk, chunks) {
    for (let i = 0; i < chunks; i++) if (!stream.write(chunk)) await stream.ready
    stream.end()
    return chunk.length * chunks
  },
}

const reads: readonly Half[] = [
  bareRead,
  { title: 'duplex', run: (stream) => events(duplex(stream)) },
  { title: 'streamx', run: (stream) => events(streamx(stream)) },
  {
    title: 'web, reader',
    async run(stream) {
      const reader = web(stream).readable.getReader()
      let bytes = 0
      for (let step = await reader.read(); !step.done; step = await reader.read()) bytes += step.value.length
      return bytes
    },
  },
  {
    title: 'web, BYOB reader of 64 KiB',
    async run(stream) {
      const reader = web(stream).readable.getReader({ mode: 'byob' })
      let bytes = 0
      let step = await reader.read(new Uint8Array(65_536))
      for (; !step.done; step = await reader.read(new Uint8Array(step.value.buffer))) bytes += step.value.length
      return bytes
    },
  },
]

const writes: readonly Half[] = [
  bareWrite,
  { title: 'duplex', run: (stream, chunk, chunks) => fill(duplex(stream), chunk, chunks) },
  { title: 'streamx', run: (stream, chunk, chunks) => fill(streamx(stream), chunk, chunks) },
  {
    title: 'web, writer',
    async run(stream, chunk, chunks) {
      const writer = web(stream).writable.getWriter()
      for (let i = 0; i < chunks; i++) {
        if (writer.desiredSize! <= 0) await writer.ready
        void writer.write(chunk)
      }
      await writer.close()
      return chunk.length * chunks
    },
  },
  {
    title: 'web, pipeTo',
    async run(stream, chunk, chunks) {
      let left = chunks
      const source = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (left-- > 0) controller.enqueue(chunk)
          else controller.close()
        },
      })
      await source.pipeTo(web(stream).writable)
      return chunk.length * chunks
    },
  },
]

/** Both kinds of Duplex say the same with the same events. */
type AnyDuplex = NodeDuplex | StreamxView

async function events(view: AnyDuplex): Promise<number> {
  const end = view as NodeDuplex
  // Nothing is written; a session that ends over a half that is open would be an error.
  end.end()
  let bytes = 0
  end.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length
  })
  await once(end, 'end')
  return bytes
}

async function fill(view: AnyDuplex, chunk: Uint8Array, chunks: number): Promise<number> {
  const end = view as NodeDuplex
  for (let i = 0; i < chunks; i++) if (!end.write(chunk)) await once(end, 'drain')
  end.end()
  return chunk.length * chunks
}

/** Chunks a second from one half to the other, in thousands. */
async function transfer(write: Half, read: Half, chunk: Uint8Array, chunks: number): Promise<number> {
  const [near, far] = pair()
  const stream = near.open('view')
  const taken = await far.take('view')
  const begun = performance.now()
  const [bytes] = await Promise.all([read.run(taken, chunk, chunks), write.run(stream, chunk, chunks)])
  const ms = performance.now() - begun
  if (bytes !== chunk.length * chunks) throw new Error(`${read.title} read ${bytes} bytes, not all`)
  await near.close()
  return chunks / ms
}

/** Of each half the median over all rounds; each round has every one of them once. */
async function compare(halves: readonly Half[], go: (half: Half) => Promise<number>): Promise<number[]> {
  const found: number[][] = halves.map(() => [])
  // The first is a warm-up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, half] of halves.entries()) {
      const figure = await go(half)
      if (round > 0) found[index]!.push(figure)
    }
  }
  return found.map((figures) => figures.sort((a, b) => a - b)[figures.length >> 1]!)
}

const idles: readonly { readonly title: string; make(stream: Stream): unknown }[] = [
  { title: 'stream', make: (stream) => stream },
  { title: 'duplex', make: (stream) => duplex(stream) },
  { title: 'streamx', make: (stream) => streamx(stream) },
  { title: 'web, neither half asked for', make: (stream) => web(stream) },
  { title: 'web, readable', make: (stream) => keep(stream, 'readable') },
  { title: 'web, writable', make: (stream) => keep(stream, 'writable') },
  { title: 'web, both', make: (stream) => [web(stream)].map((view) => [view.readable, view.writable]) },
]

function keep(stream: Stream, half: 'readable' | 'writable'): unknown {
  return web(stream)[half]
}

/** Heap bytes that a view adds to an idle stream. */
async function idle(make: (stream: Stream) => unknown): Promise<number> {
  const [near, far] = pair({ maxStreams: 4 * IDLE })
  far.handle('idle', () => {})
  await near.ping()
  const open = async (count: number): Promise<Stream[]> => {
    const streams = Array.from({ length: count }, () => near.open('idle'))
    await near.ping()
    return streams
  }
  const warm = (await open(1000)).map(make)
  const held: unknown[] = await open(IDLE)
  const before = await heapBytes(near)
  for (const [index, stream] of held.entries()) held[index] = make(stream as Stream)
  const bytes = ((await heapBytes(near)) - before) / IDLE
  await near.close()
  return warm.length + held.length > 0 ? bytes : 0
}

async function heapBytes(session: Session): Promise<number> {
  for (let pass = 0; pass < 4; pass++) {
    await session.ping()
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}

async function table(title: string, halves: readonly Half[], go: (half: Half, size: Chunks) => Promise<number>) {
  const columns: number[][] = []
  for (const size of sizes) columns.push(await compare(halves, (half) => go(half, size)))
  console.log(`| ${title} | ${sizes.map((size) => size.title).join(' | ')} |`)
  console.log(`| --- |${' ---: |'.repeat(sizes.length)}`)
  for (const [row, half] of halves.entries()) {
    const cells = columns.map((column) => `${Math.round(column[row]!)} (${(column[row]! / column[0]!).toFixed(2)})`)
    console.log(`| ${half.title} | ${cells.join(' | ')} |`)
  }
  console.log('')
}

type Chunks = (typeof sizes)[number]

if (globalThis.gc === undefined) throw new Error('run this with npm run bench:views')
console.log('Heap bytes that a view adds to an idle stream, one side:\n\n| view | heap bytes |\n| --- | ---: |')
for (const { title, make } of idles) console.log(`| ${title} | ${Math.round(await idle(make))} |`)
console.log(
  `\nThousand chunks/s, median of ${ROUNDS} rounds in turns (beside the bare stream), both sides in one process:\n`,
)
const chunkOf = ({ bytes }: Chunks): Uint8Array => new Uint8Array(bytes)
await table('read by', reads, (half, size) => transfer(bareWrite, half, chunkOf(size), size.chunks))
await table('written by', writes, (half, size) => transfer(half, bareRead, chunkOf(size), size.chunks))
