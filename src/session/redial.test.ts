// When a dialer dials again, for how long, and what becomes of transports that come too late.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { ManualClock } from '../testing/pair.ts'
import type { Line } from './line.ts'
import { type Dial, Redial } from './redial.ts'
import type { Resumable } from './resumption.ts'
import type { Transport } from './transport.ts'

const KEEP_MS = 10_000
const LOST = new BraidError('TRANSPORT_LOST', 'the cable broke')
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

interface Fake extends Transport {
  readonly asked: string[]
}

function transport(): Fake {
  const asked: string[] = []
  return {
    remote: 'fake:',
    asked,
    start: () => void asked.push('start'),
    send: () => true,
    pause: () => {},
    resume: () => {},
    close: () => void asked.push('close'),
  }
}

/** A session that has lost its transport, and what its redial does about it. */
class World implements Resumable {
  readonly clock = new ManualClock()
  readonly principal = undefined
  readonly lines: { readonly line: Line; readonly attempt: number }[] = []
  /** When it dialled. */
  readonly dials: number[] = []
  readonly signals: AbortSignal[] = []
  readonly redial: Redial
  end: BraidError | undefined

  keep(): boolean {
    return true
  }

  constructor(dial: Dial, random: () => number = () => 1) {
    const noted: Dial = (signal) => {
      this.dials.push(this.clock.now())
      this.signals.push(signal)
      return dial(signal)
    }
    this.redial = new Redial(noted, random)
    this.redial.ticket(KEEP_MS)
    this.redial.admitted()
  }

  lose(): void {
    this.redial.detached(this, LOST)
  }

  /** Time passes, in steps small enough for every dial to have its turn. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      this.clock.advance(Math.min(left, 50))
      await turn()
      // What was due at once behind that.
      this.clock.advance(0)
      await turn()
    }
  }

  redialled(line: Line, attempt: number): void {
    this.lines.push({ line, attempt })
  }

  giveUp(error: BraidError): void {
    this.end = error
    this.redial.over()
  }

  issue(): void {
    assert.fail('a dialer is issued no ticket of its own')
  }

  adopt(): void {
    assert.fail('a dialer adopts nothing')
  }
}

const refusing: Dial = () => Promise.reject(new Error('refused'))

test('redial waits a random part of a bound that doubles, and dials again after each failure', async () => {
  const world = new World(refusing)
  world.lose()
  await world.pass(3_200)
  assert.deepEqual(world.dials, [100, 300, 700, 1_500, 3_100])
  const draws = [0.5, 0, 0.25]
  const other = new World(refusing, () => draws.shift() ?? 1)
  other.lose()
  await other.pass(950)
  assert.deepEqual(other.dials, [50, 50, 150, 950])
})

test('redial hands over the transport it got, with a number that rises with every attempt of the session', async () => {
  const transports: Fake[] = []
  const world = new World(async () => {
    transports.push(transport())
    return transports.at(-1)!
  })
  for (let i = 1; i <= 3; i++) {
    world.lose()
    await world.pass(100)
    assert.equal(world.lines.length, i)
    assert.equal(world.lines.at(-1)?.attempt, i)
    assert.equal(world.lines.at(-1)?.line.transport, transports.at(-1))
    // Not started: who gets it says first who listens.
    assert.deepEqual(transports.at(-1)?.asked, [])
    world.redial.resumed()
    assert.equal(world.clock.pending, 0)
  }
})

test('redial begins with the shortest wait after each loss of a session that went on', async () => {
  const world = new World(refusing)
  world.lose()
  await world.pass(1_000)
  world.redial.resumed()
  const before = world.dials.length
  await world.pass(5_000)
  assert.equal(world.dials.length, before)
  world.lose()
  await world.pass(100)
  assert.equal(world.dials.length, before + 1)
})

test('redial gives up with SESSION_LOST when the peer keeps the session no longer', async () => {
  const world = new World(refusing)
  world.lose()
  await world.pass(KEEP_MS - 50)
  assert.deepEqual(world.clock.pending, 2)
  await world.pass(50)
  assert.equal(world.end?.code, 'BRAID_SESSION_LOST')
  assert.match(world.end!.message, /^the cable broke, .* within 10000 ms; the last dial: refused$/)
  assert.match(String(world.end?.cause), /refused/)
  assert.equal(world.clock.pending, 0)
  const before = world.dials.length
  await world.pass(60_000)
  assert.equal(world.dials.length, before)
})

test('redial gives up in time although a dial never settles, and tells the dial', async () => {
  const world = new World(() => new Promise(() => {}))
  world.lose()
  await world.pass(KEEP_MS)
  assert.equal(world.dials.length, 1)
  assert.equal(world.end?.code, 'BRAID_SESSION_LOST')
  assert.match(world.end!.message, /^the cable broke, .* within 10000 ms$/)
  assert.equal(world.end?.cause, LOST)
  assert.equal(world.signals[0]?.aborted, true)
  assert.equal(world.clock.pending, 0)
})

test('redial of a session that is closed while it dials aborts the dial, and dials no more', async () => {
  const world = new World(
    (signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })),
  )
  world.lose()
  await world.pass(100)
  assert.equal(world.signals[0]?.aborted, false)
  world.redial.over()
  await world.pass(60_000)
  assert.deepEqual([world.signals[0]?.aborted, world.dials.length, world.clock.pending], [true, 1, 0])
  assert.equal(world.end, undefined)
})

test('redial of a session that is closed while it waits to dial does not dial', async () => {
  const world = new World(refusing)
  world.lose()
  world.redial.over()
  await world.pass(60_000)
  assert.deepEqual([world.dials.length, world.clock.pending], [0, 0])
})

test('redial closes a transport that comes too late', async () => {
  const late = transport()
  let deliver: (transport: Transport) => void = () => {}
  const world = new World(() => new Promise((resolve) => (deliver = resolve)))
  world.lose()
  await world.pass(100)
  world.redial.over()
  deliver(late)
  await turn()
  assert.deepEqual([late.asked, world.lines], [['start', 'close'], []])
})

test('redial outlives a transport that comes too late and cannot even be started', async () => {
  const late: Fake = {
    ...transport(),
    start: () => {
      throw new Error('no transport at all')
    },
  }
  let deliver: (transport: Transport) => void = () => {}
  const world = new World(() => new Promise((resolve) => (deliver = resolve)))
  world.lose()
  await world.pass(100)
  world.redial.over()
  // What it throws would be an unhandled rejection, which fails the test.
  deliver(late)
  await turn()
  assert.deepEqual([late.asked, world.lines], [['close'], []])
})

test('redial gives up at once what another dial cannot mend', async () => {
  const wrong = new BraidError('TLS', 'its certificate is for another host')
  const world = new World(() => Promise.reject(wrong))
  world.lose()
  await world.pass(60_000)
  assert.equal(world.dials.length, 1)
  assert.equal(world.end?.code, 'BRAID_SESSION_LOST')
  assert.match(
    world.end!.message,
    /^the cable broke, .* mend this; the last dial: its certificate is for another host$/,
  )
  assert.equal(world.end?.cause, wrong)
  assert.equal(world.clock.pending, 0)
})

test('redial that loses a transport before RESUME was answered has only the time that is left', async () => {
  const world = new World(async () => transport())
  world.lose()
  for (let time = 0; time < KEEP_MS - 100; time += 100) {
    await world.pass(100)
    // Each time a transport comes, it breaks at once.
    if (world.lines.splice(0).length > 0) world.lose()
  }
  assert.equal(world.clock.pending, 2)
  await world.pass(100)
  assert.equal(world.end?.code, 'BRAID_SESSION_LOST')
  // Nor does it dial like mad: the waits go on doubling.
  assert.ok(world.dials.length <= 8, `${world.dials.length} dials`)
})

test('redial takes a dial that throws at once for one that failed', async () => {
  let dials = 0
  const world = new World(() => {
    if (++dials === 1) throw new Error('at once')
    return Promise.resolve(transport())
  })
  world.lose()
  await world.pass(300)
  assert.deepEqual([dials, world.lines.length], [2, 1])
})

test('redial does not abort the signal of a dial that gave it a transport: the transport may end with it', async () => {
  const world = new World(async () => transport())
  world.lose()
  await world.pass(100)
  assert.equal(world.lines.length, 1)
  world.redial.resumed()
  assert.deepEqual(
    world.signals.map(({ aborted }) => aborted),
    [false],
  )
})
