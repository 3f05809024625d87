// Sessions that drain under work: what belongs to calls under way is done to the end, whoever drains.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { BraidError, Session } from 'braidwire'
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
