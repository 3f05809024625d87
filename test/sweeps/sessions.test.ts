// Sweeps over two sessions, bounded: a part of all places, and always the same. `npm run sweep` tries the rest.

import assert from 'node:assert/strict'
import test from 'node:test'
import { cutAndResume } from './resumed-sweep.ts'
import { baseline, cutSessions, flipSessions, rangeSessions } from './session-sweeps.ts'

const whole = await baseline()

test('the workload does what it says when nothing is wrong', () => {
  const came = (name: string) => whole.results.get(name)
  for (const side of ['a', 'b']) {
    assert.deepEqual(came(`${side}: echo read`), { state: 'resolved', value: 'hello' })
    assert.deepEqual(came(`${side}: messages read`), { state: 'resolved', value: 'one;;' })
    assert.deepEqual(came(`${side}: call large`), { state: 'resolved', value: 16_500 })
    assert.deepEqual(came(`${side}: answer read`), { state: 'resolved', value: 'answer' })
    assert.deepEqual(came(`${side}: confirm accepted`), { state: 'resolved', value: 'welcome' })
  }
})

test('F2: after a cut everything settles at once with a reason, and no timer is left', async () => {
  assert.ok((await cutSessions(whole, 13)) > 100)
})

test('F3: after a cut, and another, and a third, a session that may be resumed comes to the same', async () => {
  const { resumed, 'too early': early } = await cutAndResume(29)
  assert.ok(resumed > 100 && early < resumed / 4, `${resumed} resumed, ${early} had no ticket`)
})

test('F4: after a flipped bit everything settles in time', async () => {
  const { ended, 'goes on': goesOn } = await flipSessions(whole, 97)
  assert.ok(ended > 20 && goesOn > 20)
})

test('F5: after bytes doubled, left out or put in everything settles in time', async () => {
  const { ended } = await rangeSessions(whole, 131)
  assert.ok(ended > 50)
})
