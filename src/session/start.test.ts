// Sessions begin: options, HELLOs, and those that never come.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ManualClock } from '../testing/pair.ts'
import { memory } from '../transports/memory.ts'
import type { SessionOptions } from './options.ts'
import type { Session } from './session.ts'
import { connectSession, type Role, startSession } from './start.ts'
import type { Transport } from './transport.ts'

/** A session and the other end of its transport. */
function lone(options: SessionOptions = {}, role: Role = 'symmetric'): { session: Session; other: Transport } {
  const [near, other] = memory()
  return { session: startSession(near, options, role), other }
}

test('connect resolves when the HELLO was read and rejects with why the session ended first', async () => {
  const [near, far] = memory()
  const [a] = await Promise.all([connectSession(near), connectSession(far, {}, 'listener')])
  assert.equal(a.state, 'ready')
  await a.close()
  const [left, right] = memory()
  const connecting = connectSession(left)
  right.start({ bytes: () => {}, drained: () => {}, closed: () => {} })
  right.close()
  await assert.rejects(connecting, { code: 'BRAID_TRANSPORT_LOST' })
})

test('connect is given up by its signal, before and while it waits', async () => {
  for (const early of [true, false]) {
    const controller = new AbortController()
    if (early) controller.abort('why')
    const [near, far] = memory()
    const gone = new Promise<void>((resolve) => {
      far.start({ bytes: () => {}, drained: () => {}, closed: () => resolve() })
    })
    const connecting = connectSession(near, { signal: controller.signal })
    controller.abort('why')
    await assert.rejects(connecting, { code: 'BRAID_CANCELLED', cause: 'why', executed: 'no' })
    await gone
  }
})

test('session whose peer says nothing is ended in time, silently if it should speak first', async () => {
  for (const role of ['dialer', 'listener', 'symmetric'] as const) {
    const clock = new ManualClock()
    const { session, other } = lone({ clock }, role)
    let heard = 0
    other.start({ bytes: (chunk) => (heard += chunk.length), drained: () => {}, closed: () => {} })
    // The first timer tells the engine when the session began.
    while (clock.pending === 0) await turn()
    clock.advance(0)
    clock.advance(10_000)
    assert.equal((await session.closed)?.code, 'BRAID_SLOW_PEER')
    assert.equal(heard === 0, role === 'listener')
    assert.equal(clock.pending, 0)
  }
})
