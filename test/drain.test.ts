// Sessions that drain under work: what belongs to calls under way is done to the end, whoever drains.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type BraidError, connect, listen, type Session } from 'braidwire'
import { expose, wrap } from 'braidwire/rpc'
import { pair } from 'braidwire/test'

const code = (name: string) => (error: unknown) => (error as BraidError).code === `BRAID_${name}`

/** A caller, a callee, and one of them told to drain while a call is under way. */
interface Draining {
  readonly caller: Session
  readonly callee: Session
  /** Drains the one, and returns when the other knows. */
  begin(): Promise<void>
  /** The drain is over, and cut nothing. */
  whole(): Promise<void>
}

/** The test twice: the callee drains, or the caller does. */
function whoeverDrains(name: string, run: (draining: Draining) => Promise<void>): void {
  for (const who of ['callee', 'caller'] as const) {
    test(`${name}, while the ${who} drains`, async (t: TestContext) => {
      const [caller, callee] = pair()
      t.after(() => caller.close())
      const [drains, told] = who === 'callee' ? [callee, caller] : [caller, callee]
      let report: Promise<unknown> | undefined
      const begin = async (): Promise<void> => {
        report = drains.drain(10_000)
        while (told.state !== 'draining') await turn()
      }
      const whole = async (): Promise<void> => {
        assert.deepEqual(await report, { streams: 0, calls: 0 })
        assert.equal(await caller.closed, undefined)
      }
      await run({ caller, callee, begin, whole })
    })
  }
}

whoeverDrains('callbacks are called and answered', async ({ caller, callee, begin, whole }) => {
  expose(callee, {
    async each(tell: (text: string) => Promise<number>) {
      await begin()
      const sizes = [await tell('small'), await tell('x'.repeat(200_000))]
      return sizes.join()
    },
  })
  const remote = wrap<{ each(tell: (text: string) => number): string }>(caller)
  assert.equal(await remote.each((text) => text.length), '5,200000')
  await whole()
})

whoeverDrains('callbacks take streams and give items', async ({ caller, callee, begin, whole }) => {
  async function* letters(): AsyncGenerator<string> {
    yield* ['a', 'b']
  }
  expose(callee, {
    async join(tell: (items: AsyncIterable<string>) => Promise<AsyncIterable<string>>) {
      await begin()
      const heard: string[] = []
      for await (const item of await tell(letters())) heard.push(item)
      return heard.join()
    },
  })
  const remote = wrap<{ join(tell: (items: AsyncIterable<string>) => AsyncIterable<string>): string }>(caller)
  const answer = await remote.join(async function* (items) {
    for await (const item of items) yield item.toUpperCase()
  })
  assert.equal(answer, 'A,B')
  await whole()
})

whoeverDrains('a result may still bring streams', async ({ caller, callee, begin, whole }) => {
  expose(callee, {
    async lines() {
      await begin()
      return {
        large: 'x'.repeat(200_000),
        items: (async function* () {
          yield* [1, 2, 3]
        })(),
      }
    },
  })
  const remote = wrap<{ lines(): { large: string; items: AsyncIterable<number> } }>(caller)
  const { large, items } = await remote.lines()
  const heard: number[] = []
  for await (const item of items) heard.push(item)
  assert.deepEqual([large.length, heard], [200_000, [1, 2, 3]])
  await whole()
})

whoeverDrains('an abort arrives', async ({ caller, callee, begin, whole }) => {
  let begun: () => void = () => {}
  const underWay = new Promise<void>((resolve) => {
    begun = resolve
  })
  expose(callee, {
    until: (signal: AbortSignal) =>
      new Promise<string>((resolve) => {
        signal.addEventListener('abort', () => resolve(`stopped: ${signal.reason}`))
        begun()
      }),
  })
  const remote = wrap<{ until(signal: AbortSignal): string }>(caller)
  const controller = new AbortController()
  const answer = remote.until(controller.signal)
  await underWay
  await begin()
  controller.abort('enough')
  assert.equal(await answer, 'stopped: enough')
  await whole()
})

whoeverDrains('new work is refused as never executed', async ({ caller, callee, begin, whole }) => {
  let release: (text: string) => void = () => {}
  let runs = 0
  expose(callee, {
    wait: () =>
      new Promise<string>((resolve) => {
        release = resolve
      }),
    run: (_: unknown) => ++runs,
  })
  const remote = wrap<{ wait(): string; run(value?: unknown): number }>(caller)
  const under = remote.wait()
  under.catch(() => {})
  await caller.ping()
  await begin()
  for (const value of [undefined, 'x'.repeat(200_000), () => 1, (async function* () {})()]) {
    await assert.rejects(
      remote.run(value),
      (error) => code('GOING_AWAY')(error) && (error as BraidError).executed === 'no',
    )
  }
  assert.throws(() => caller.open('new'), code('GOING_AWAY'))
  assert.throws(() => callee.open('new'), code('GOING_AWAY'))
  await assert.rejects(caller.message(new Uint8Array(0)), code('GOING_AWAY'))
  release('done')
  assert.equal(await under, 'done')
  await whole()
  assert.equal(runs, 0)
})

/** Which calls were executed, and how often, on all servers together. */
class Executions {
  readonly counts = new Map<number, number>()

  serve(session: Session): void {
    session.handleCall('run', async (bytes) => {
      const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
      this.counts.set(id, (this.counts.get(id) ?? 0) + 1)
      for (let turns = id % 4; turns > 0; turns--) await turn()
      return bytes
    })
  }
}

/** The bytes of a call: its id, and every eighth too many for a frame. */
function request(id: number): Uint8Array {
  const bytes = new Uint8Array(id % 8 === 7 ? 100_000 : 8)
  new DataView(bytes.buffer).setUint32(0, id)
  return bytes
}

/** Makes a call where it is taken: who refuses it as not executed is not asked again. */
async function callWhereTaken(sessions: readonly Session[], id: number): Promise<void> {
  for (const session of sessions) {
    try {
      const answer = await session.call('run', request(id))
      assert.equal(answer.length, request(id).length)
      return
    } catch (error) {
      const { code, executed } = error as BraidError
      assert.deepEqual([id, code === 'BRAID_GOING_AWAY' || code === 'BRAID_CLOSED', executed], [id, true, 'no'])
    }
  }
  assert.fail(`call ${id}: nobody takes it`)
}

test('a server that drains behind live traffic loses no call, and runs none twice', async (t) => {
  for (let round = 0; round < 12; round++) {
    const executions = new Executions()
    const serve = (session: Session): void => executions.serve(session)
    const servers = [await listen('tcp://127.0.0.1:0', serve), await listen('tcp://127.0.0.1:0', serve)]
    const sessions = [await connect(servers[0]!.url), await connect(servers[1]!.url)]
    t.after(() => Promise.all([...sessions, ...servers].map((each) => each.close())))
    let made = 0
    let drained: Promise<unknown> | undefined
    const caller = async (): Promise<void> => {
      for (let calls = 0; calls < 20; calls++) {
        const id = made++
        if (id === 30 + round * 7) drained = servers[0]!.drain(20_000)
        await callWhereTaken(sessions, id)
      }
    }
    await Promise.all(Array.from({ length: 10 }, caller))
    assert.deepEqual(await drained, { streams: 0, calls: 0 })
    assert.equal(await sessions[0]!.closed, undefined)
    assert.equal(executions.counts.size, 200)
    assert.ok([...executions.counts.values()].every((count) => count === 1))
  }
})

test('a listener that drains while it decides whom to let in leaves nobody in doubt', async (t) => {
  const executions = new Executions()
  let letIn: () => void = () => {}
  let asked: () => void = () => {}
  const asking = new Promise<void>((resolve) => {
    asked = resolve
  })
  const authorize = (): Promise<void> => {
    asked()
    return new Promise((resolve) => {
      letIn = resolve
    })
  }
  const server = await listen('tcp://127.0.0.1:0', (session) => executions.serve(session), { authorize })
  const session = await connect(server.url)
  t.after(() => Promise.all([session.close(), server.close()]))
  const call = session.call('run', request(1)).then(() => 'done', refused)
  await asking
  const drained = server.drain(20_000)
  letIn()
  assert.equal(await call, 'GOING_AWAY no')
  assert.deepEqual(await drained, { streams: 0, calls: 0 })
  assert.equal(executions.counts.size, 0)
})

test('a session that drains with nothing open does not close on what is still on its way', async () => {
  for (let delay = 0; delay < 10; delay++) {
    const executions = new Executions()
    const [a, b] = pair()
    executions.serve(b)
    await a.ping()
    const drained = b.drain(10_000)
    for (let hops = 0; hops < delay; hops++) await null
    const [call, stream] = [
      a.call('run', request(delay * 8)).then(() => 'done', refused),
      (async () => a.open('s').closed)().then(refused, refused),
    ]
    for (const outcome of [await call, await stream]) {
      assert.ok(outcome === 'GOING_AWAY no' || outcome === 'CLOSED no', `after ${delay}: ${outcome}`)
    }
    assert.deepEqual(await drained, { streams: 0, calls: 0 })
    assert.equal(executions.counts.size, 0)
  }
})

function refused(error: unknown): string {
  const { code, executed } = error as BraidError
  return `${code.slice('BRAID_'.length)} ${executed}`
}

test('a CLOSE with a code that calls fail with says nothing about calls under way', async () => {
  for (const closes of ['caller', 'callee']) {
    const [a, b] = pair()
    b.handleCall('never', () => new Promise<Uint8Array>(() => {}))
    const call = a.call('never', new Uint8Array(0))
    await a.ping()
    void (closes === 'caller' ? a : b).close('GOING_AWAY')
    await assert.rejects(call, { code: 'BRAID_GOING_AWAY', executed: 'maybe' })
  }
})
