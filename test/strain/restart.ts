// Faults of servers that go and connections that break: a drain under load loses no call, a thousand reconnects lose no byte.

import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BraidError, connect, type Listener, listen, type Session, type Stream } from 'braidwire'
import { MIB, mib, type Row } from '../rows.ts'
import { Prng } from '../sim/prng.ts'
import type { Fault, Form } from './fault.ts'
import { type Pair, pairOver } from './pair.ts'

type Rows = Promise<Omit<Row, 'id'>[]>

function numbered(number: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}
const numberIn = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)

/** Calls from many at once to a server that drains; who is told to go away goes to the next one. */
export async function drain(form: Form): Rows {
  const executed = new Map<number, number>()
  const serve = (session: Session): void => {
    session.handleCall('work', async (bytes) => {
      const number = numberIn(bytes)
      executed.set(number, (executed.get(number) ?? 0) + 1)
      await sleep(number % 7)
      return numbered(number)
    })
  }
  const [total, workers, drains] = form === 'full' ? [20_000, 64, 10] : [3000, 64, 3]
  let listener = await listen('tcp://127.0.0.1:0', serve)
  let session = await connect(listener.url)
  let next = 0
  let answered = 0
  let refused = 0
  const lost: string[] = []
  const work = async (): Promise<void> => {
    while (next < total) {
      const number = next++
      for (let done = false; !done; ) {
        const mine = session
        try {
          if (numberIn(await mine.call('work', numbered(number))) === number) answered++
          done = true
        } catch (error) {
          const { code, executed } = error as BraidError
          done = executed !== 'no'
          if (done) lost.push(`${code} ${executed}`)
          else refused++
          while (mine === session && !done) await sleep(1)
        }
      }
    }
  }
  const all = Promise.all(Array.from({ length: workers }, work))
  let cut = 0
  for (let round = 1; round <= drains; round++) {
    while (next < (total * round) / (drains + 1)) await sleep(1)
    const old: Listener = listener
    listener = await listen('tcp://127.0.0.1:0', serve)
    const draining = old.drain(10_000)
    session = await connect(listener.url)
    const report = await draining
    cut += report.calls + report.streams
  }
  await all
  await session.close()
  await listener.close()
  const twice = [...executed.values()].filter((times) => times !== 1).length
  return [
    {
      what: `${total} calls while the server drained ${drains} times`,
      measured: `${answered} answered, ${lost.length} lost ${lost.slice(0, 3).join()}, ${twice} executed twice, ${refused} refused and made again, ${cut} cut`,
      ceiling: 'all answered, 0 lost, 0 twice, 0 cut',
      holds: answered === total && lost.length === 0 && twice === 0 && executed.size === total && cut === 0,
    },
  ]
}

/** Sends numbered pieces and hashes them, until told to stop. */
async function send(stream: Stream, goesOn: () => boolean): Promise<string> {
  const hash = createHash('sha256')
  for (let piece = 0; goesOn(); piece++) {
    const bytes = new Uint8Array(1000).fill(piece)
    hash.update(bytes)
    if (!stream.write(bytes)) await stream.ready
    if (piece % 8 === 0) await sleep(1)
  }
  stream.end()
  return hash.digest('hex')
}

async function receive(stream: Stream): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of stream) hash.update(chunk)
  return hash.digest('hex')
}

function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
}

function heldBytes(): number {
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Two sessions whose connection breaks, busy in both directions with calls and streams until they are told to stop. */
class Busy {
  readonly #executed = [new Map<number, number>(), new Map<number, number>()] as const
  readonly #called: [number, number] = [0, 0]
  #going = true
  #work: Promise<unknown> | undefined
  #flows: Promise<readonly string[]> | undefined

  /** Counts how often each call was executed on this side. */
  serve(session: Session, side: 0 | 1): void {
    const executed = this.#executed[side]
    session.handleCall('count', (bytes) => {
      executed.set(numberIn(bytes), (executed.get(numberIn(bytes)) ?? 0) + 1)
      return bytes.slice()
    })
  }

  async start(client: Session, server: Session): Promise<void> {
    const goesOn = () => this.#going
    const mine = client.open('both')
    mine.write(new Uint8Array(0))
    const theirs = await server.take('both')
    this.#flows = Promise.all([send(mine, goesOn), receive(theirs), send(theirs, goesOn), receive(mine)])
    this.#work = Promise.all([this.#call(client, 0), this.#call(server, 1)])
  }

  async #call(session: Session, side: 0 | 1): Promise<void> {
    for (; this.#going; this.#called[side]++) {
      const number = this.#called[side]
      if (numberIn(await session.call('count', numbered(number))) !== number) throw new Error('a wrong reply')
      await sleep(1)
    }
  }

  /** Lets it come to its end, and judges it. */
  async stop(what: string): Promise<Omit<Row, 'id'>> {
    this.#going = false
    const [sent, got, sentBack, gotBack] = (await this.#flows) ?? []
    await this.#work
    const equal = sent !== undefined && sent === got && sentBack === gotBack
    const once = this.#executed.every(
      (map, side) => map.size === this.#called[side] && [...map.values()].every((times) => times === 1),
    )
    const calls = `${this.#called.join(' and ')} calls, ${once ? '' : 'NOT '}each once`
    return {
      what,
      measured: `${calls}; streams ${equal ? 'equal' : 'DIFFER'}`,
      ceiling: 'each call once, streams equal',
      holds: once && equal,
    }
  }
}

/** Breaks the connection, and waits until both sides have one again. */
async function cutOnce({ client, server, network }: Pair, manner: 'reset' | 'end'): Promise<void> {
  network?.cut(manner)
  while (client.state === 'ready' && server.state === 'ready') await sleep(0)
  while (client.state === 'detached' || server.state === 'detached') await sleep(1)
  if (client.state === 'closed') throw await client.closed
}

export async function reconnects(form: Form): Rows {
  const cuts = form === 'full' ? 1000 : 60
  const seed = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000)
  const prng = new Prng(seed)
  const busy = new Busy()
  const pair = await pairOver((session) => busy.serve(session, 0), {
    listen: { resume: true },
    connect: { reconnect: true },
    weather: {},
  })
  busy.serve(pair.client, 1)
  await busy.start(pair.client, pair.server)
  let [files, held] = [0, 0]
  for (let cut = 0; cut < cuts; cut++) {
    await sleep(prng.int(0, 7))
    await cutOnce(pair, prng.chance(0.25) ? 'end' : 'reset')
    // What is made once has been made by then.
    if (cut === Math.floor(cuts / 4)) [files, held] = [openFiles(), heldBytes()]
  }
  const [filesLeft, heldLeft] = [openFiles() - files, heldBytes() - held]
  const whole = await busy.stop(`${cuts} reconnects of one session (seed ${seed})`)
  await pair.close()
  return [
    whole,
    {
      what: 'left behind by three quarters of them',
      measured: `${filesLeft} files, ${mib(heldLeft)}`,
      ceiling: '4 files, 5 MiB',
      holds: filesLeft <= 4 && heldLeft <= 5 * MIB,
    },
  ]
}

export const restartFaults: readonly Fault[] = [
  { id: 'F13', name: 'a drain under load', run: drain },
  { id: 'F12', name: 'many reconnects', run: reconnects },
]
