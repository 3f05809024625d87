// What the cases of the Node view have in common: a kind of pair to run them over, and ways to watch an end.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type Duplex, Readable } from 'node:stream'

export interface PairOptions {
  allowHalfOpen?: boolean
}

/** One kind of pair to run the cases over. */
export interface Kind {
  readonly name: string
  /** Two ends joined to each other. */
  make(options?: PairOptions): Promise<[Duplex, Duplex]>
  /** Ends a connection as rudely as it can be ended. */
  breakOff(end: Duplex): void
}

export interface Case {
  readonly name: string
  run(kind: Kind): Promise<void>
}

export const MiB = 1024 * 1024
export const turn = () => new Promise((resolve) => setImmediate(resolve))
export const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** When 'close' was emitted, for every end that was made: asking the end itself would be asking too late or too early. */
const closings = new WeakMap<Duplex, Promise<void>>()
export const gone = (end: Duplex) => closings.get(end)

/** The same kind, its ends watched from the first moment. */
export function watched(kind: Kind): Kind {
  const make = async (options?: PairOptions) => {
    const ends = await kind.make(options)
    for (const end of ends) closings.set(end, new Promise((done) => void end.once('close', done)))
    return ends
  }
  return { ...kind, make }
}

/** Everything up to the end. Iteration, and what is made of it, would also destroy the half that still writes. */
export async function collect(end: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = []
  end.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(end, 'end')
  return Buffer.concat(chunks)
}

/** The names of events in the order they come. */
export function record(end: Duplex): string[] {
  const seen: string[] = []
  for (const name of ['end', 'finish', 'error', 'close']) end.on(name, () => seen.push(name))
  return seen
}

/** A source of many chunks of one MiB or less, made as they are asked for. */
export function sourceOf(bytes: Buffer, chunk = 50_000): Readable {
  let at = 0
  return new Readable({
    read() {
      if (at >= bytes.length) this.push(null)
      else this.push(bytes.subarray(at, at + chunk))
      at += chunk
    },
  })
}
