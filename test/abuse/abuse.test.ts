// A listener under attack, briefly: who breaks the protocol is told what the specification says and ended, who floods is ended, and
// an honest session beside it goes on. How much time and memory that costs is measured by `npm run abuse`.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { codes } from '#dist/engine/errors.js'
import { Child } from '../child.ts'
import type { Attack } from './attack.ts'
import type { Outcome } from './attacker.ts'
import { attacks, violations } from './attacks.ts'
import { bombs } from './bombs.ts'
import { Honest } from './honest.ts'
import { frame, greeting, Line, type } from './raw.ts'
import type { Report } from './server.ts'

const ERROR = 1

const server = new Child(new URL('./server.js', import.meta.url))
const attacker = new Child(new URL('./attacker.js', import.meta.url))
after(async () => {
  await attacker.kill()
  await server.kill()
})

async function port(): Promise<number> {
  const { url } = await server.ask<{ url: string }>('where')
  return Number(new URL(url).port)
}

const names = new Map(Object.entries(codes).map(([name, entry]) => ['number' in entry ? entry.number : -1, name]))

/** Somebody honest is served all the while. */
async function besideHonest(work: () => Promise<void>): Promise<void> {
  const honest = await Honest.connect(`tcp://127.0.0.1:${await port()}`)
  honest.start()
  try {
    await work()
  } finally {
    const { took, failed } = await honest.stop()
    await honest.session.close()
    assert.equal(failed, 0)
    assert.ok(took.length > 0)
  }
}

for (const id of ['A1', 'A2b', 'A3b', 'A4', 'A11b']) {
  const attack = attacks.find((each) => each.id === id) as Attack
  test(`${attack.name}: ended`, { timeout: 20_000 }, async () => {
    await server.ask('watch')
    await besideHonest(async () => {
      const play = { id, port: await port(), form: 'quick', once: true }
      const { ends } = await attacker.ask<Outcome>('play', play)
      const told = Object.keys(ends).map((code) => names.get(Number(code)) ?? code)
      assert.ok(told.length > 0)
      for (const how of told) assert.ok(attack.ceiling.ends?.includes(how), `ended with ${how}`)
    })
    const { handlersMost } = await server.ask<Report>('report')
    assert.ok(handlersMost <= 256)
  })
}

test(`each of ${violations.length} violations is answered by the CLOSE that the specification states`, {
  timeout: 60_000,
}, async () => {
  const where = await port()
  await besideHonest(async () => {
    for (let at = 0; at < violations.length; at += 16) {
      const some = violations.slice(at, at + 16).map(async ({ name, bytes, code }) => {
        const line = new Line(where, () => {})
        await line.send(bytes)
        assert.equal((await line.ended).code, code, name)
      })
      await Promise.all(some)
    }
  })
})

for (const { codec, bodies } of bombs) {
  test(`values made to hurt, in ${codec}, fail their own calls only`, { timeout: 20_000 }, async () => {
    const line = new Line(await port(), () => {})
    let errors = 0
    line.heard = (number, flags) => {
      if (number === type.reply && flags === ERROR) errors++
    }
    await line.send(greeting({ 9: new TextEncoder().encode(codec) }))
    for (const [at, body] of bodies.entries()) {
      await line.send(frame(type.call, 0, at, 0, 'echo', body))
    }
    assert.ok(await line.came(type.reply, bodies.length))
    assert.equal(errors, bodies.length)
    line.end()
    await line.ended
  })
}
