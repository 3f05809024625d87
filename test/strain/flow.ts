// Faults of flow: a stream nobody reads, two sides that write before they read, long and narrow links, bulk beside small calls.

import { createServer, connect as dial } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Session, Stream } from 'braidwire'
import { TcpProxy, type Weather } from '../network/proxy.ts'
import { MIB, mib, ms, quantile, type Row } from '../rows.ts'
import type { Fault, Form } from './fault.ts'
import { pairOver } from './pair.ts'

const CHUNK = new Uint8Array(64 * 1024)
const STREAMS = 100

/** Writes without end, as fast as it is taken, until the stream is over. */
async function pour(stream: Stream, limit = Number.POSITIVE_INFINITY): Promise<void> {
  try {
    for (let sent = 0; sent < limit; sent += CHUNK.length) if (!stream.write(CHUNK)) await stream.ready
    stream.end()
  } catch {
    // The other side had enough.
  }
}

const eat = (stream: Stream, heard: (bytes: number) => void = () => {}): void =>
  stream.receive({ data: (bytes) => heard(bytes.length), end() {}, failed() {} })

/** Bytes that 99 of 100 streams moved in the time, and what waits unread on the first one. */
async function hundred(readsFirst: boolean, durationMs: number): Promise<{ moved: number; unread: number }> {
  let moved = 0
  let first: Stream | undefined
  const pair = await pairOver((session) => {
    session.handle('bulk', async (stream) => {
      if (stream.meta === 0) first = stream
      else eat(stream, (bytes) => (moved += bytes))
      if (stream.meta === 0 && readsFirst) eat(stream)
      await stream.closed
    })
  })
  for (let index = 0; index < STREAMS; index++) void pour(pair.client.open('bulk', { meta: index }))
  await sleep(durationMs / 4)
  const before = moved
  await sleep(durationMs)
  const unread = first?.stats().unread ?? 0
  const result = { moved: moved - before, unread }
  await pair.close()
  return result
}

const share = (value: number): string => `${(value * 100).toFixed(0)} %`

async function unread(form: Form): Promise<Omit<Row, 'id'>[]> {
  const durationMs = form === 'full' ? 2000 : 400
  let [beside, without, most] = [0, 0, 0]
  await hundred(true, durationMs) // warm
  for (let round = 0; round < (form === 'full' ? 8 : 4); round++) {
    // In turns, so that both see the same machine.
    const readsFirst = round % 4 === 0 || round % 4 === 3
    const { moved, unread } = await hundred(readsFirst, durationMs)
    if (readsFirst) without += moved
    else beside += moved
    if (!readsFirst) most = Math.max(most, unread)
  }
  const ratio = beside / without
  return [
    { what: 'throughput of the other 99', measured: share(ratio), ceiling: 'at least 95 %', holds: ratio >= 0.95 },
    { what: 'bytes held unread', measured: `${most}`, ceiling: '65536 granted', holds: most > 0 && most <= 65_536 },
  ]
}

/** Asks again and again how long the round trip is, until told to stop. */
async function pinging(session: Session, goesOn: () => boolean): Promise<readonly number[]> {
  const trips: number[] = []
  while (goesOn()) {
    trips.push(await session.ping())
    await sleep(5)
  }
  return trips
}

export async function bothWrite(form: Form): Promise<Omit<Row, 'id'>[]> {
  const size = (form === 'full' ? 64 : 16) * MIB
  const pair = await pairOver(() => {})
  const mine = pair.client.open('both')
  mine.write(new Uint8Array(1))
  const theirs = await pair.server.take('both')
  // All of it is written before anybody reads a byte.
  for (const stream of [mine, theirs]) {
    for (let sent = 0; sent < size; sent += CHUNK.length) stream.write(CHUNK)
    stream.end()
  }
  let going = true
  const trips = pinging(pair.client, () => going)
  await sleep(300)
  const received = [0, 0]
  for (const [at, stream] of [mine, theirs].entries()) eat(stream, (bytes) => (received[at]! += bytes))
  const late = sleep(60_000, 'deadlock', { ref: false })
  const outcome = await Promise.race([Promise.all([mine.closed, theirs.closed]).then(() => 'over'), late])
  going = false
  const slowest = Math.max(...(await trips))
  await pair.close()
  const [one, other] = received as [number, number]
  return [
    {
      what: `${mib(size)} each way, written before anything is read`,
      measured: `${outcome}; ${mib(one)} and ${mib(other)} arrived`,
      ceiling: 'no deadlock, all arrives',
      holds: outcome === 'over' && one === size && other === size + 1,
    },
    { what: 'slowest ping meanwhile', measured: ms(slowest), ceiling: '100 ms', holds: slowest <= 100 },
  ]
}

/** Bytes a second that a plain connection moves over the same link in the same time. */
async function plainRate(weather: Weather, fromMs: number, duringMs: number): Promise<number> {
  let moved = 0
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => (moved += chunk.length))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const network = await TcpProxy.to((server.address() as { port: number }).port, weather)
  const socket = dial({ port: network.port, host: '127.0.0.1' })
  socket.on('error', () => {})
  const write = () => {
    while (!socket.destroyed && socket.write(CHUNK));
  }
  socket.on('drain', write)
  write()
  await sleep(fromMs)
  const [before, begun] = [moved, performance.now()]
  await sleep(duringMs)
  const rate = ((moved - before) * 1000) / (performance.now() - begun)
  socket.destroy()
  await network.close()
  server.close()
  return rate
}

async function overLink(weather: Weather): Promise<Omit<Row, 'id'>> {
  const rtt = 2 * weather.delayMs
  const [fromMs, duringMs] = [10 * rtt, Math.max(1000, 3 * rtt)]
  const plain = await plainRate(weather, fromMs, duringMs)
  let moved = 0
  const pair = await pairOver(
    (session) => session.handle('bulk', (stream) => eat(stream, (bytes) => (moved += bytes))),
    {
      weather,
    },
  )
  const stream = pair.client.open('bulk')
  void pour(stream)
  await sleep(fromMs)
  const [before, begun] = [moved, performance.now()]
  await sleep(duringMs)
  const rate = ((moved - before) * 1000) / (performance.now() - begun)
  await pair.close()
  const of = rate / Math.min(plain, weather.rate)
  return {
    what: `one stream over ${rtt} ms at ${(weather.rate * 8) / 1e6} Mbit/s`,
    measured: `${share(of)} of the link (${((rate * 8) / 1e6).toFixed(0)} Mbit/s; a plain connection ${((plain * 8) / 1e6).toFixed(0)})`,
    ceiling: 'at least 90 %',
    holds: of >= 0.9,
  }
}

/** The window of a stream is 16 MiB at most, so that no link of more than about 12 MiB can be filled by one stream. */
const LINK_BYTES_MAX = 12 * MIB

async function links(form: Form): Promise<Omit<Row, 'id'>[]> {
  const rtts = form === 'full' ? [50, 200, 600] : [50]
  const megabits = form === 'full' ? [10, 100, 400, 1000] : [10, 100]
  const rows: Omit<Row, 'id'>[] = []
  for (const rtt of rtts) {
    for (const megabit of megabits) {
      const rate = (megabit * 1e6) / 8
      if ((rate * rtt) / 1000 <= LINK_BYTES_MAX) rows.push(await overLink({ delayMs: rtt / 2, rate }))
    }
  }
  return rows
}

const BULK_BYTES_PER_MS = 100_000

/** A call, or a whole stream there and back, of a few bytes. */
type Small = (session: Session) => Promise<unknown>

const small: Readonly<Record<'calls' | 'streams', Small>> = {
  calls: (session) => session.call('echo', new Uint8Array(16)),
  async streams(session) {
    const stream = session.open('echo')
    stream.write(new Uint8Array(16))
    stream.end()
    for await (const _ of stream);
  },
}

/** How long each of so many takes, one after the other, in ms. */
async function roundTrips(session: Session, task: Small, count: number): Promise<readonly number[]> {
  const took: number[] = []
  for (let made = 0; made < count; made++) {
    const begun = performance.now()
    await task(session)
    took.push(performance.now() - begun)
    if (made % 4 === 0) await sleep(1)
  }
  return took
}

/** Writes 100 MB a second, or what goes through if that is less, until it is told to stop. Makes up for no more than a short standstill. */
async function steadily(stream: Stream, goesOn: () => boolean): Promise<void> {
  const most = 20 * BULK_BYTES_PER_MS
  let [last, due] = [performance.now(), 0]
  while (goesOn()) {
    const now = performance.now()
    due = Math.min(due + (now - last) * BULK_BYTES_PER_MS, most)
    last = now
    let room = true
    for (; room && due > 0; due -= CHUNK.length) room = stream.write(CHUNK)
    await (room ? sleep(1) : stream.ready)
  }
  stream.reset('CANCELLED')
}

/** Less than this of the bulk on its way, and the small ones had it too easy. Quickly, or beside other work, it is shown and not judged. */
const BULK_SHARE = { full: 0.95, quick: 0 }

async function fairness(form: Form): Promise<Omit<Row, 'id'>[]> {
  let moved = 0
  const pair = await pairOver((session) => {
    session.handleCall('echo', (bytes) => bytes.slice())
    session.handle('echo', async (stream) => {
      for await (const chunk of stream) stream.write(chunk)
      stream.end()
    })
    session.handle('bulk', (stream) => eat(stream, (bytes) => (moved += bytes)))
  })
  const count = form === 'full' ? 1000 : 300
  const rows: Omit<Row, 'id'>[] = []
  for (const [name, task] of Object.entries(small)) {
    await roundTrips(pair.client, task, count)
    const alone = quantile(await roundTrips(pair.client, task, count), 0.99)
    let going = true
    const bulk = steadily(pair.client.open('bulk'), () => going)
    await sleep(form === 'full' ? 500 : 50) // until it has come up to speed
    const [before, begun] = [moved, performance.now()]
    const beside = quantile(await roundTrips(pair.client, task, count), 0.99)
    const rate = (moved - before) / (performance.now() - begun)
    going = false
    await bulk
    rows.push({
      what: `p99 of ${count} small ${name} beside a stream of ${(rate / 1000).toFixed(0)} MB/s`,
      measured: `${ms(beside)}, without it ${ms(alone)}`,
      ceiling: `${ms(alone + 5)}, at ${(BULK_BYTES_PER_MS / 1000).toFixed(0)} MB/s`,
      holds: beside <= alone + 5 && rate >= BULK_SHARE[form] * BULK_BYTES_PER_MS,
    })
  }
  await pair.close()
  return rows
}

export const flowFaults: readonly Fault[] = [
  { id: 'F6', name: 'one unread stream among 100', run: unread },
  { id: 'F7', name: 'both sides write before they read', run: bothWrite },
  { id: 'F8', name: 'long and narrow links', run: links },
  { id: 'F14', name: 'bulk beside small calls and streams', run: fairness },
]
