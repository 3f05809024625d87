// Sessions that lose their transport and go on over another; recorded, but not played again as one run of bytes.

import type { Ticket } from '#dist/engine/contract.js'
import { none, pattern, text } from './content.ts'
import type { Script } from './world.ts'

const SESSION_LOST = 24

function ticket(secret: number): Ticket {
  return { id: new Uint8Array(16).fill(7), secret: new Uint8Array(32).fill(secret), keepMs: 60_000 }
}

export const resumedScripts: Record<string, Script> = {
  resumed(make) {
    const world = make({ auth: text('badge') }, {}, { resume: true })
    const { a, b } = world
    world.flow()
    world.note('b gives a a ticket; a stream and a call are under way when the transport is lost')
    b.engine.issue(ticket(1))
    const stream = a.open('file')
    a.engine.write(stream, text('one'))
    a.call('add', Uint8Array.of(1, 2))
    world.flow()
    a.engine.write(stream, text('two'))
    b.engine.reply(b.slot(), Uint8Array.of(3))
    a.engine.ping()
    world.cut()
    world.note('what happens meanwhile comes behind what comes again')
    a.engine.write(stream, pattern(100))
    a.engine.end(stream)
    world.resume(1, ticket(2))
    world.cut()
    world.note('a second time, with nothing to say again')
    world.resume(2, ticket(3))
    b.engine.end(b.taken(0))
    b.engine.settle(b.taken(0))
    world.flow()
    return world
  },

  'resume-refused'(make) {
    const world = make({}, {}, { resume: true })
    const { a, b } = world
    world.flow()
    b.engine.issue(ticket(1))
    a.call('slow', none)
    world.flow()
    world.cut()
    world.note('c has never heard of that session')
    world.refuse(1, SESSION_LOST)
    return world
  },
}
