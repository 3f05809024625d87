// Random interleavings of calls, aborts, failures and the end of the session against a model of what may come of each call.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { BraidError, connect, type Session } from 'braidwire'
import { expose, RpcError, withContext, wrap } from 'braidwire/rpc'
import { memory } from 'braidwire/transport/memory'
import fc from 'fast-check'

const kinds = ['echo', 'hold', 'fail', 'break', 'unsendable', 'bulk', 'missing'] as const
type Kind = (typeof kinds)[number]

type Step =
  | { do: 'call'; kind: Kind; from: 0 | 1; preAborted: boolean; timed: boolean }
  | { do: 'settle' | 'reject' | 'abort'; which: number }
  | { do: 'turn' }
  | { do: 'close'; by: 0 | 1 }
  | { do: 'cut'; by: 0 | 1 }

const which = fc.nat({ max: 40 })
const side = fc.constantFrom<0 | 1>(0, 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constant('call'),
      kind: fc.constantFrom(...kinds),
      from: side,
      preAborted: fc.nat(9).map((n) => n === 0),
      timed: fc.nat(5).map((n) => n === 0),
    }),
  },
  { weight: 12, arbitrary: fc.record({ do: fc.constantFrom('settle', 'reject', 'abort'), which }) },
  { weight: 10, arbitrary: fc.constant<Step>({ do: 'turn' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('close', 'cut'), by: side }) },
) as fc.Arbitrary<Step>

/** What became of one call. */
interface Outcome {
  readonly kind: Kind
  readonly controller: AbortController
  readonly settled: { value?: unknown; error?: unknown }[]
  readonly timed: boolean
  aborted: boolean
  runs: number
  /** The handler's, once it runs. */
  signal?: AbortSignal
  /** Set while its handler waits to be told how to end. */
  release?: { resolve: (value: unknown) => void; reject: (error: unknown) => void } | undefined
  told?: 'settle' | 'reject'
}

class World {
  readonly transports = memory()
  readonly calls: Outcome[] = []
  sessions: readonly Session[] = []
  closed = false

  async start(): Promise<void> {
    this.sessions = await Promise.all(this.transports.map((transport) => connect(transport)))
    for (const session of this.sessions) expose(session, this.api())
  }

  private api() {
    const run = (id: number): Outcome => {
      const call = this.calls[id]!
      call.runs++
      return call
    }
    return {
      echo: (id: number) => ({ id: run(id) && id }),
      hold: withContext((ctx, id: number) => {
        const call = run(id)
        call.signal = ctx.signal
        return new Promise((resolve, reject) => {
          call.release = { resolve, reject }
        })
      }),
      fail: (id: number) => {
        run(id)
        throw new RpcError('NOT_FOUND', 'as told', { data: id })
      },
      break: async (id: number) => {
        run(id)
        throw new Error('a bug')
      },
      unsendable: (id: number) => run(id) && Symbol('never'),
      bulk: (id: number, bytes: Uint8Array) => run(id) && bytes,
    }
  }

  async take(next: Step): Promise<void> {
    if (next.do === 'turn') await turn()
    else if (next.do === 'close') {
      this.closed = true
      void this.sessions[next.by]!.close()
    } else if (next.do === 'cut') {
      this.closed = true
      this.transports[next.by].close()
    } else if (next.do === 'call') this.call(next)
    else {
      const call = this.calls[next.which % Math.max(1, this.calls.length)]
      if (call === undefined) return
      if (next.do === 'abort') {
        call.aborted = true
        call.controller.abort()
      } else this.end(call, next.do)
    }
  }

  call({ kind, from, preAborted, timed }: Step & { do: 'call' }): void {
    const id = this.calls.length
    const controller = new AbortController()
    if (preAborted) controller.abort()
    const call: Outcome = { kind, controller, settled: [], aborted: preAborted, timed, runs: 0 }
    this.calls.push(call)
    const remote = wrap(this.sessions[from]!).with({ signal: controller.signal, timeout: timed ? 0 : undefined })
    const values = kind === 'bulk' ? [id, new Uint8Array(100_000).fill(id)] : [id]
    remote[kind]!(...values).then(
      (value) => call.settled.push({ value }),
      (error: unknown) => call.settled.push({ error }),
    )
  }

  end(call: Outcome, how: 'settle' | 'reject'): void {
    if (call.release === undefined || call.told !== undefined) return
    call.told = how
    if (how === 'settle') call.release.resolve('held')
    else call.release.reject(new RpcError('DENIED', 'as told'))
  }

  /** Lets everything come to its end, and looks at what did. */
  async finish(): Promise<void> {
    // Whoever still works for a caller that is gone has been told.
    await turn()
    await turn()
    for (const [id, call] of this.calls.entries()) {
      if (call.settled.length > 0 && call.told === undefined && call.signal)
        assert.ok(call.signal.aborted, `call ${id}`)
    }
    const unsettled = () => this.calls.some((call) => call.settled.length === 0)
    for (let turns = 0; turns < 100 && unsettled(); turns++) {
      for (const call of this.calls) this.end(call, 'settle')
      await turn()
    }
    await this.sessions[0]!.close()
    await Promise.all(this.sessions.map((session) => session.closed))
    for (const [id, call] of this.calls.entries()) this.check(id, call)
  }

  private check(id: number, call: Outcome): void {
    const about = `call ${id} (${call.kind})`
    assert.equal(call.settled.length, 1, `${about} settled ${call.settled.length} times`)
    const [{ value, error }] = call.settled as [{ value?: unknown; error?: unknown }]
    assert.ok(call.runs <= 1, `${about} ran ${call.runs} times`)
    if (error === undefined) {
      assert.equal(call.runs, 1, about)
      if (call.kind === 'echo') assert.deepEqual(value, { id })
      else if (call.kind === 'hold') assert.deepEqual([call.told, value], ['settle', 'held'])
      else assert.deepEqual([call.kind, value], ['bulk', new Uint8Array(100_000).fill(id)])
      return
    }
    assert.ok(error instanceof BraidError, `${about}: ${error}`)
    if (error.executed === 'no') assert.equal(call.runs, 0, `${about} ran, though its error says it did not`)
    const expected: Record<Kind, string | undefined> = {
      echo: undefined,
      hold: call.told === 'reject' ? 'DENIED' : undefined,
      fail: 'NOT_FOUND',
      break: 'INTERNAL',
      unsendable: 'INTERNAL',
      bulk: undefined,
      missing: 'UNIMPLEMENTED',
    }
    if (error.code === `BRAID_${expected[call.kind]}`) {
      if (call.kind === 'fail') assert.equal((error as RpcError).data, id)
      return
    }
    if (error.code === 'BRAID_CANCELLED') assert.ok(call.aborted, `${about} was not aborted`)
    else if (error.code === 'BRAID_DEADLINE') assert.ok(call.timed, `${about} had no deadline`)
    else assert.ok(this.closed, `${about}: ${error.code} ${error.message}`)
  }
}

test('every call settles exactly once, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const world = new World()
      await world.start()
      for (const next of steps) await world.take(next)
      await world.finish()
    }),
    { numRuns: 200 },
  )
})
