// Faults of silence: a network that falls silent for a while or for ever, a program that is blocked; and no false alarm.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from 'braidwire'
import { ms, type Row } from '../rows.ts'
import type { Fault, Form } from './fault.ts'
import { pairOver } from './pair.ts'

type Rows = Promise<Omit<Row, 'id'>[]>

function echoing(session: Session): void {
  session.handleCall('echo', (bytes) => bytes.slice())
}

const one = new Uint8Array(1)

/** Silent for less than the idle timeout: nothing ends, and what was under way arrives. */
async function shortBlackhole(form: Form): Rows {
  const silentMs = form === 'full' ? 5000 : 1000
  const liveness = { idleTimeoutMs: silentMs * 2 }
  const pair = await pairOver(echoing, { listen: liveness, connect: liveness, weather: {} })
  await pair.client.call('echo', one)
  const framesBefore = pair.client.stats().framesOut
  ;(pair.network as NonNullable<typeof pair.network>).mood = 'hold'
  const calls = Promise.allSettled(Array.from({ length: 20 }, () => pair.client.call('echo', one)))
  await sleep(silentMs)
  const asked = pair.client.stats().framesOut - framesBefore - 20
  ;(pair.network as NonNullable<typeof pair.network>).mood = 'carry'
  const answered = (await calls).filter(({ status }) => status === 'fulfilled').length
  const { state } = pair.client
  await pair.close()
  return [
    {
      what: `${silentMs / 1000} s of silence, ${liveness.idleTimeoutMs / 1000} s allowed`,
      measured: `session ${state}, ${answered} of 20 calls answered`,
      ceiling: 'ready, 20',
      holds: state === 'ready' && answered === 20,
    },
    { what: 'frames sent meanwhile', measured: `${asked}`, ceiling: '2 (no storm of pings)', holds: asked <= 2 },
  ]
}

/** Silent for longer: found out in time; resumed over the next connection, or failed by the deadline. */
async function vanished(form: Form): Rows {
  const idleTimeoutMs = form === 'full' ? 2000 : 600
  const liveness = { idleTimeoutMs }
  const rows: Omit<Row, 'id'>[] = []
  for (const resume of [false, true]) {
    const pair = await pairOver(echoing, {
      listen: { ...liveness, resume },
      connect: { ...liveness, reconnect: resume },
      weather: {},
    })
    await pair.client.call('echo', one)
    const network = pair.network as NonNullable<typeof pair.network>
    network.mood = 'swallow'
    const begun = performance.now()
    const call = pair.client.call('echo', one).then(
      () => 'answered',
      (error) => error.code as string,
    )
    while (pair.client.state === 'ready') await sleep(5)
    const foundMs = performance.now() - begun
    network.mood = 'carry'
    const outcome = await call
    const { state } = pair.client
    await pair.close()
    const wanted = resume ? 'answered' : 'BRAID_TRANSPORT_LOST'
    rows.push({
      what: `the other side vanished, ${resume ? 'with' : 'without'} resumption`,
      measured: `found out after ${ms(foundMs)}, the call ${outcome}, then ${state}`,
      ceiling: `${ms(idleTimeoutMs * 1.5 + 500)}, ${wanted}`,
      holds: foundMs <= idleTimeoutMs * 1.5 + 500 && outcome === wanted && state === (resume ? 'ready' : 'closed'),
    })
  }
  return rows
}

/** Bytes trickle, slowly, for many times the idle timeout. */
async function trickle(form: Form): Rows {
  // What is on its way at once, 512 KiB at first, must fit: an answer to a ping cannot overtake it.
  const idleTimeoutMs = 1000
  const liveness = { idleTimeoutMs }
  const pair = await pairOver(
    (session) =>
      session.handle('slow', (stream) => {
        stream.receive({ data() {}, end: () => stream.end(), failed() {} })
      }),
    {
      listen: liveness,
      connect: liveness,
      weather: { delayMs: 20, rate: 1_000_000 },
    },
  )
  const stream = pair.client.open('slow')
  stream.write(new Uint8Array(form === 'full' ? 8_000_000 : 3_000_000))
  stream.end()
  stream.receive({ data() {}, end() {}, failed() {} })
  const begun = performance.now()
  await stream.closed
  const took = performance.now() - begun
  const { state } = pair.client
  await pair.close()
  return [
    {
      what: `bytes that trickle for ${ms(took)} with ${idleTimeoutMs} ms of silence allowed`,
      measured: `session ${state}`,
      ceiling: 'ready',
      holds: state === 'ready',
    },
  ]
}

/** This whole program stands still, longer than its idle timeout, while the network goes on; then so does the session. */
async function blocked(form: Form): Rows {
  const blockedMs = form === 'full' ? 2000 : 1200
  const liveness = { idleTimeoutMs: 1000 }
  const pair = await pairOver(echoing, { listen: liveness, connect: liveness, weather: {} })
  const calls = Array.from({ length: 50 }, () => pair.client.call('echo', one))
  await pair.client.ping()
  const late = Array.from({ length: 50 }, () => pair.client.call('echo', one))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockedMs)
  await sleep(50)
  const settled = await Promise.allSettled([...calls, ...late, pair.client.ping()])
  const failed = settled.filter(({ status }) => status === 'rejected').length
  const { state } = pair.client
  await pair.close()
  return [
    {
      what: `event loop blocked for ${blockedMs} ms with ${liveness.idleTimeoutMs} ms of silence allowed`,
      measured: `session ${state}, ${failed} of 101 failed`,
      ceiling: 'ready, 0',
      holds: state === 'ready' && failed === 0,
    },
  ]
}

export const silenceFaults: readonly Fault[] = [
  { id: 'F9', name: 'silence that ends', run: shortBlackhole },
  { id: 'F9', name: 'silence for ever', run: vanished },
  { id: 'F9', name: 'no false alarm', run: trickle },
  { id: 'F10', name: 'a blocked event loop', run: blocked },
]
