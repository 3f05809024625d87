// Bugs that made multiplexers crash, swell or mix things up: identities, memory, what sessions and streams share. Data only.

import { conformance, engine, type Injection, inject, session } from './injection.ts'

export const identities: readonly Injection[] = [
  inject(
    'ids have the wrong parity',
    engine,
    'engine/streams.js',
    '((this.bits & MINE) === 0 ? 1 : 0)',
    '((this.bits & MINE) === 0 ? 0 : 1)',
  ),
  inject(
    'an id of the wrong parity is believed',
    [...engine, ...conformance],
    'engine/inbound-streams.js',
    'if (id !== streams.theirsOpened * 2)',
    'if (id !== streams.theirsOpened * 2 && id !== streams.theirsOpened * 2 + 1)',
  ),
  inject(
    'a slot is used again before its reply was read',
    engine,
    'engine/calls.js',
    'this.cancels.push({ slot: call.slot, code });',
    'this.cancels.push({ slot: call.slot, code });\n            this.free.push(call.slot);',
  ),
  inject(
    'a slot is free before its reply was written',
    engine,
    'engine/calls.js',
    'this.slots[reply.slot] = OWED;',
    'this.slots[reply.slot] = FREE;',
  ),
  inject(
    'a frame for a stream that was reset early ends the session: it may have crossed',
    engine,
    'engine/inbound-streams.js',
    'if (record === undefined)\n        core.glitches.crossed(what);',
    "if (record === undefined)\n        throw new BraidError('STREAM_STATE', what);",
  ),
  inject(
    'a frame for a stream that never was is taken for one that has ended',
    [...engine, ...conformance],
    'engine/streams.js',
    "return this.theirs.get(number) ?? (number >= this.theirsOpened ? 'idle' : undefined);",
    'return this.theirs.get(number);',
  ),
  inject(
    'a storm of resets: each is answered by another',
    [...engine, ...conformance],
    'engine/inbound-streams.js',
    "if (record.has(STOP_HEARD))\n            core.glitches.spend('RESET of a half that was told before');",
    '',
  ),
]

export const memory: readonly Injection[] = [
  inject(
    'a stream is registered before its OPEN was found valid',
    engine,
    'engine/inbound-streams.js',
    'core.charge(record, first.length);\n    record.number = streams.theirsOpened++;\n    streams.theirs.set(record.number, record);',
    'record.number = streams.theirsOpened++;\n    streams.theirs.set(record.number, record);\n    core.charge(record, first.length);',
  ),
  {
    bug: 'a slot is freed before its REPLY was found valid',
    tests: [...engine, ...conformance],
    patches: [
      {
        file: 'engine/inbound-calls.js',
        find: 'const via = core.streams.find(id);',
        put: 'const call = release(core, slot);\n    const via = core.streams.find(id);',
      },
      {
        file: 'engine/inbound-calls.js',
        find: "never opened');\n    const call = release(core, slot);",
        put: "never opened');",
      },
    ],
  },
  inject(
    'control frames pend without bound: a PONG for every PING',
    [...engine, ...conformance],
    'engine/inbound-session.js',
    "if (core.pongDue !== undefined)\n        core.glitches.spend('PING while a PONG waits');",
    '',
  ),
  inject(
    'control frames pend without bound: stream credit is owed once for every read',
    engine,
    'engine/core.js',
    'if (record.owes === 0)\n            this.dirty.push(record);',
    'this.dirty.push(record);',
  ),
  inject(
    'streams are opened and reset by the thousand, for nothing',
    [...engine, ...conformance],
    'engine/glitch.js',
    'if (this.tokens < 1) {',
    'if (false) {',
  ),
  inject(
    'memory is taken for what a header declares, not for what arrives',
    engine,
    'engine/decoder.js',
    'Math.min(this.wanted, Math.max(needed, 2 * this.assembled.length))',
    'this.wanted',
  ),
  inject(
    'more streams than allowed are opened, one by one',
    engine,
    'engine/inbound-streams.js',
    'if (streams.theirsOpened >= core.peerOpenLimit) {',
    'if (streams.theirsOpened > core.peerOpenLimit) {',
  ),
  inject(
    'a few bytes that wait keep a whole read buffer alive',
    session,
    'session/inbox.js',
    'if (length < COPY_BELOW || length * KEEP_FRACTION < bytes.buffer.byteLength)',
    'if (false)',
  ),
  inject(
    'arguments that wait for a handler keep a whole read buffer alive',
    session,
    'session/callee.js',
    'call.args = call.args.slice();',
    ';',
  ),
  inject(
    'calls that were given up before they were sent are kept',
    engine,
    'engine/calls.js',
    'this.waiting.keep((waiting) => !waiting.cancelled);',
    ';',
  ),
  inject(
    'what was sent stays alive in the queue of its stream',
    engine,
    'engine/outgoing.js',
    'this.queue[i] = MESSAGE_END; // let go of what is written',
    ';',
  ),
]

export const sharing: readonly Injection[] = [
  inject(
    'all sessions write into one batch buffer',
    [...engine, ...session, 'seeds:150'],
    'engine/batch.js',
    'this.slab = new Uint8Array(Math.max(next, size));',
    'const shared = (Batch.shared ??= new Uint8Array(SLAB_BYTES_MAX));\n        this.slab = size > shared.length ? new Uint8Array(size) : shared;',
  ),
  inject(
    'a batch buffer is used again while the transport still has it',
    [...engine, 'seeds:150'],
    'engine/batch.js',
    'this.out = out;\n        this.bytes = 0;',
    'this.out = out;\n        this.bytes = 0;\n        this.from = 0;\n        this.at = 0;',
  ),
  inject(
    'events that are caused by events are handed out inside each other',
    session,
    'session/pump.js',
    'if (this.dispatching)\n            return false;',
    '',
  ),
  inject(
    'one download blocks everything: a stream keeps its turn as long as it has bytes',
    engine,
    'engine/outbound-streams.js',
    'else if (outgoing.deficit <= 0)',
    'else if (false)',
  ),
  inject(
    'urgency means nothing: what is least urgent goes first',
    engine,
    'engine/scheduler.js',
    'for (const ring of this.rings)\n            if (ring.head)',
    'for (const ring of [...this.rings].reverse())\n            if (ring.head)',
  ),
]
