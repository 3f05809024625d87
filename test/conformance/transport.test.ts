// The conformance suite of transports itself: it finds what it is for, and tells it as data.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Transport } from 'braidwire'
import { memory } from 'braidwire/transport/memory'
import { readSource } from '../sources.ts'
import { type CaseName, caseNames, matrix, outcomesOf, type TransportSubject, transportCases } from './transport.ts'
import { MiB } from './transport-ends.ts'
import { nodeSubjects } from './transport-node.ts'

test('the cases import nothing of a runtime', () => {
  for (const name of ['', '-ends', '-cases', '-session-cases']) {
    const { imports } = readSource(`test/conformance/transport${name}.ts`)
    assert.deepEqual(
      imports.filter((specifier) => !specifier.startsWith('./') && specifier !== 'braidwire'),
      [],
    )
  }
})

/** A transport in memory that does something wrong. */
function wrong(change: (transport: Transport) => void): TransportSubject {
  const pair = () => {
    const [near, far] = memory()
    change(near)
    change(far)
    return { near, far }
  }
  return { name: 'wrong', pair }
}

/** Mistakes, and a case that must find each of them. */
const mistakes: readonly [string, CaseName, (transport: Transport) => void][] = [
  [
    'chunks of one send in the wrong order',
    'bytes keep their order however they are cut, both ways at once',
    (transport) => {
      const send = transport.send.bind(transport)
      transport.send = (chunks) => send(chunks.toReversed())
    },
  ],
  [
    'a pause that is not heard',
    'a reader that pauses holds the sender, and drained comes once for every false',
    (transport) => {
      transport.pause = () => {}
    },
  ],
  [
    'drained without being owed',
    'close ends a pair over which nothing was sent',
    (transport) => {
      const start = transport.start.bind(transport)
      transport.start = (sink) => {
        start(sink)
        queueMicrotask(() => sink.drained())
      }
    },
  ],
  [
    'what was sent last is lost by close',
    'close does the same from the other side',
    (transport) => {
      const send = transport.send.bind(transport)
      let sent = 0
      transport.send = (chunks) => {
        for (const { length } of chunks) sent += length
        return sent >= MiB || send(chunks)
      }
    },
  ],
  [
    'closed is said twice',
    'close ends a pair over which nothing was sent',
    (transport) => {
      const start = transport.start.bind(transport)
      transport.start = (sink) => {
        const closed = (): void => {
          sink.closed()
          queueMicrotask(() => sink.closed())
        }
        start({ bytes: (chunk) => sink.bytes(chunk), drained: () => sink.drained(), closed })
      }
    },
  ],
  ['no way to break it, and no reason', 'a carrier that breaks ends both ends once', () => {}],
]

for (const [what, name, change] of mistakes) {
  test(`the suite finds: ${what}`, async () => {
    const found = transportCases(wrong(change)).find((each) => each.name === name)
    await assert.rejects(found!.run(), Error)
  })
}

test('outcomes are data, of which a table is made', async () => {
  const reason = 'there is no carrier'
  const cannot = Object.fromEntries(caseNames.slice(1).map((name) => [name, reason]))
  const good: TransportSubject = { ...nodeSubjects[0]!, cannot }
  const none: TransportSubject = { name: 'none', pair: () => Promise.reject(new Error('nobody there')), cannot }
  const outcomes = [...(await outcomesOf(good, 'one')), ...(await outcomesOf(none, 'two'))]
  assert.deepEqual(
    outcomes.filter(({ name }) => name === caseNames[0]),
    [
      { runtime: 'one', transport: 'memory', name: caseNames[0], result: 'passed' },
      { runtime: 'two', transport: 'none', name: caseNames[0], result: 'failed', reason: 'nobody there' },
    ],
  )
  const table = matrix(outcomes)
  assert.match(table, /^\| {2}\| one \| two \|$/m)
  assert.match(table, /^\| memory \| 1 of 1 \| – \|$/m)
  assert.match(table, /^\| none \| – \| 0 of 1, 1 failed \|$/m)
  assert.match(table, /^- none: FAILED bytes keep .*: nobody there \(two\)$/m)
  assert.match(table, /^- memory: cannot: 1,000 streams at once: there is no carrier \(one\)$/m)
})

test('a declaration that names no case, or gives no reason, is a mistake', () => {
  const subject = nodeSubjects[0]!
  assert.throws(() => transportCases({ ...subject, cannot: { nothing: 'why' } as never }), /no case "nothing"/)
  assert.throws(() => transportCases({ ...subject, cannot: { '1,000 streams at once': '' } }), /no reason/)
})
