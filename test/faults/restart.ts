// Faults of servers that go and connections that break: a drain under load loses no call, a thousand reconnects lose no byte.

import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BraidError, connect, type Listener, listen, type Session, type Stream } from 'braidwire'
import { MIB, mib, type Row } from '../rows.ts'
import { Prng } from '../sim/prng.ts'
import type { Fault, Form } from './fault.ts'
import { pairOver } from './pair.ts'

type Rows = Promise<Omit<Row, 'id'>[]>

function numbered(number: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}
const numberIn = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)

/** Calls from many at once to a server that drains; who is told to go away goes to the next one. */
async function drain(form: Form): Rows {
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

const seedOf = (): number => Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000)

async function reconnects(form: Form): Rows {
  const cuts = form === 'full' ? 1000 : 60
  const seed = seedOf()
  const prng = new Prng(seed)
  const executed = [new Map<number, number>(), new Map<number, number>()] as const
  const counting = (map: Map<number, number>) => (session: Session) =>
    session.handleCall('count', (bytes) => {
      map.set(numberIn(bytes), (map.get(numberIn(bytes)) ?? 0) + 1)
      return bytes.slice()
    })
  const pair = await pairOver(counting(executed[0]), {
    listen: { resume: true },
    connect: { reconnect: true },
    weather: {},
  })
  counting(executed[1])(pair.client)
  const proxy = pair.proxy as NonNullable<typeof pair.proxy>
  let going = true
  const mine = pair.client.open('both')
  mine.write(new Uint8Array(0))
  const theirs = await pair.server.take('both')
  const flows = Promise.all([send(mine, () => going), receive(theirs), send(theirs, () => going), receive(mine)])
  const called = [0, 0]
  const calls = [pair.client, pair.server].map(async (session, side) => {
    for (; going; called[side]!++) {
      if (numberIn(await session.call('count', numbered(called[side]!))) !== called[side])
        throw new Error('a wrong reply')
      await sleep(1)
    }
  })
  let [files, held] = [0, 0]
  for (let cut = 0; cut < cuts; cut++) {
    await sleep(prng.int(0, 7))
    proxy.cut(prng.chance(0.25) ? 'end' : 'reset')
    while (pair.client.state === 'ready' && pair.server.state === 'ready') await sleep(0)
    while (pair.client.state === 'detached' || pair.server.state === 'detached') await sleep(1)
    if (pair.client.state === 'closed') throw await pair.client.closed
    // What is made once has been made by then.
    if (cut === Math.floor(cuts / 4)) [files, held] = [openFiles(), heldBytes()]
  }
  const leaks = [openFiles() - files, heldBytes() - held] as const
  going = false
  const [sent, got, sentBack, gotBack] = await flows
  await Promise.all(calls)
  const once = executed.every((map) => [...map.values()].every((times) => times === 1))
  const all = executed[0].size === called[0] && executed[1].size === called[1]
  await pair.close()
  return [
    {
      what: `${cuts} reconnects of one session (seed ${seed})`,
      measured: `${called[0]} and ${called[1]} calls${once && all ? ', each once' : ', NOT each once'}, streams ${sent === got && sentBack === gotBack ? 'equal' : 'DIFFER'}`,
      ceiling: 'each call once, streams equal',
      holds: once && all && sent === got && sentBack === gotBack,
    },
    {
      what: 'left behind by three quarters of them',
      measured: `${leaks[0]} files, ${mib(leaks[1])}`,
      ceiling: '4 files, 5 MiB',
      holds: leaks[0] <= 4 && leaks[1] <= 5 * MIB,
    },
  ]
}

export const restartFaults: readonly Fault[] = [
  { id: 'F13', name: 'a drain under load', run: drain },
  { id: 'F12', name: 'many reconnects', run: reconnects },
]
