// Bugs that made multiplexers fail their users, as small changes to this one's compiled code, and the tests that must notice each.
// Data only.

export interface Patch {
  /** Compiled file below dist. */
  readonly file: string
  /** There exactly once. */
  readonly find: string
  readonly put: string
}

/** A bug that can be injected. */
export interface Injection {
  readonly bug: string
  readonly patches: readonly Patch[]
  /** Where tests are looked for: folders of compiled tests, single ones, or `seeds:n`. */
  readonly tests: readonly string[]
}

/** One that cannot, and why. */
export interface Reason {
  readonly bug: string
  readonly why: string
}

const engine = ['dist/engine']
const session = ['dist/session']
const conformance = ['build/test/conformance']

function inject(bug: string, tests: readonly string[], file: string, find: string, put: string): Injection {
  return { bug, tests, patches: [{ file, find, put }] }
}

const credit: readonly Injection[] = [
  inject(
    'session credit of a stream that was reset is lost',
    engine,
    'engine/core.js',
    'this.discard(bytes);\n        if (record.receiving !==',
    "if (record.receiving === 'open') this.discard(bytes);\n        if (record.receiving !==",
  ),
  inject(
    'session credit of what comes after a reset or STOP is lost',
    engine,
    'engine/inbound.js',
    'core.discard(to - from + (eom ? 1 : 0));',
    ';',
  ),
  inject(
    'session credit of the first bytes of a refused stream is lost, as with an OPEN after GOAWAY',
    engine,
    'engine/inbound-streams.js',
    'core.discard(first.length);',
    ';',
  ),
  inject(
    'session credit for message ends, which are no bytes, is lost',
    [...engine, ...session, 'seeds:150'],
    'engine/engine.js',
    'this.core.consume(stream, bytes + messages);',
    'this.core.consume(stream, bytes);',
  ),
  inject(
    'session credit returns twice: when it is discarded, and when it is read',
    [...engine, 'seeds:150'],
    'engine/core.js',
    "if (record.receiving !== 'open' || record.stopped)\n            return;\n        if (record.receive.consumed",
    "this.discard(bytes);\n        if (record.receiving !== 'open' || record.stopped)\n            return;\n        if (record.receive.consumed",
  ),
  inject(
    'session credit of what waits in a stream that is reset is lost',
    [...session, 'seeds:150'],
    'session/stream-core.js',
    'if (bytes > 0 || messages > 0)\n            this.host.engine.consume(this.link, bytes, messages);',
    '',
  ),
  inject(
    'a credit return is skipped',
    engine,
    'engine/window.js',
    'return this.owed * 4 >= this.size;',
    'return false;',
  ),
  inject(
    'credit is returned in slivers: a grant for every byte that is read',
    [...engine, ...conformance],
    'engine/window.js',
    'return this.owed * 4 >= this.size;',
    'return true;',
  ),
  inject(
    'a sender takes a byte more than its credit',
    engine,
    'engine/outbound-streams.js',
    'eom = size < credit;',
    'eom = true;',
  ),
  inject(
    'the overrun of a window is noticed one byte late',
    engine,
    'engine/window.js',
    'if (bytes > this.left)',
    'if (bytes > this.left + 1)',
  ),
  inject(
    'the overrun of a window is reported one byte early',
    engine,
    'engine/window.js',
    'if (bytes > this.left)',
    'if (bytes >= this.left)',
  ),
  inject('credit that overflows is believed', engine, 'engine/window.js', 'if (this.left > WINDOW_MAX)', 'if (false)'),
  inject(
    'only stream credit is checked, not the credit of the session',
    engine,
    'engine/inbound.js',
    "core.receive.charge(cost, 'session');",
    'core.receive.left -= cost;',
  ),
  inject(
    'empty payloads cost nothing and do nothing, for ever',
    [...engine, ...conformance],
    'engine/inbound.js',
    'if (length === 0 && (flags & (wire.FIN | wire.EOM)) === 0)',
    'if (false)',
  ),
  inject(
    'tiny grants are taken by the thousand',
    [...engine, ...conformance],
    'engine/inbound-streams.js',
    "core.glitches.spend('a credit below 1,024 bytes');\n    if (record === undefined)",
    ';\n    if (record === undefined)',
  ),
]

const tuning: readonly Injection[] = [
  inject(
    'windows never grow: a handbrake on long paths',
    engine,
    'engine/window.js',
    'this.size += bytes;\n        this.owed += bytes;',
    ';',
  ),
  inject(
    'a window grows for a reader that does not keep up',
    engine,
    'engine/window.js',
    '|| this.unread * 2 > this.size',
    '',
  ),
  inject(
    'a window grows beyond what its owner allows',
    engine,
    'engine/window.js',
    'sizeMax - this.size, pool',
    'pool',
  ),
  inject(
    'windows together grow beyond the pool',
    engine,
    'engine/window.js',
    'sizeMax - this.size, pool',
    'sizeMax - this.size',
  ),
  inject(
    'growth of streams that ended is never given back to the pool',
    engine,
    'engine/core.js',
    'this.grown -= record.receive.size - this.settings.streamWindow;',
    ';',
  ),
  inject(
    'the tuner shrinks a larger window',
    [...engine, ...conformance],
    'engine/window.js',
    'this.wanted <= this.size',
    'this.wanted === 0',
  ),
  inject(
    'what may be in flight does not grow with the path: stuck at the first limit',
    engine,
    'engine/pace.js',
    'this.limit = Math.min(2 * this.limit, LIMIT_BYTES_MAX);',
    ';',
  ),
  inject(
    'a queue is taken for a long path: the limit feeds itself',
    engine,
    'engine/pace.js',
    'if (rtt <= QUEUED_RATIO * this.rttMin)',
    '',
  ),
  inject(
    'time spent waiting for the application is taken for a slow path',
    engine,
    'engine/pace.js',
    'if (!this.limited || this.framesAcked < this.growAfter)',
    'if (this.framesAcked < this.growAfter)',
  ),
  inject(
    'pings by the thousand: one for each look at the clock',
    engine,
    'engine/liveness.js',
    "this.pingAt = Number.POSITIVE_INFINITY;\n        this.wait = this.draw();\n        return 'ping';",
    "this.wait = this.draw();\n        return 'ping';",
  ),
]

const acknowledgements: readonly Injection[] = [
  inject(
    'an acknowledgement is one too many',
    engine,
    'engine/outbound.js',
    'const frames = core.framesReceived - core.framesReported;',
    'const frames = core.framesReceived - core.framesReported + 1;',
  ),
  inject(
    'more is acknowledged than was ever sent, and believed',
    engine,
    'engine/pace.js',
    'if (frames < 0 || this.framesAcked > this.framesSent)',
    'if (frames < 0 || this.framesAcked > this.framesSent + 1)',
  ),
  inject(
    'an acknowledgement per message',
    [...engine, ...conformance, 'build/test/golden'],
    'engine/pace.js',
    'return since * MARKS_PER_LIMIT >= this.limit || bytes >= this.room;',
    'return true;',
  ),
]

const resumption: readonly Injection[] = [
  inject(
    'the two sides disagree by one about what arrived',
    engine,
    'engine/resume.js',
    'core.pace.resumed(received);\n    core.replay.restart(received);',
    'core.pace.resumed(received);\n    core.replay.restart(received + 1);',
  ),
  inject(
    'control frames of the transport are counted, and so replayed',
    [...engine, 'seeds:150'],
    'engine/writer.js',
    'if (wire.isSequenced(type))',
    '',
  ),
  inject(
    'a full replay buffer drops its oldest instead of holding up the sender',
    [...engine, 'seeds:150'],
    'engine/replay.js',
    'this.last = last;\n        this.bytes += bytes;',
    'this.last = last;\n        this.bytes += bytes;\n        while (this.bytes > this.limit && this.flushes.size > 1) this.bytes -= this.flushes.shift().bytes;',
  ),
  inject(
    'a full replay buffer grows instead of holding up the sender',
    [...engine, 'seeds:150'],
    'engine/replay.js',
    'return this.on && this.bytes >= this.limit;',
    'return false;',
  ),
  inject(
    'what was read in part before the cut is delivered twice',
    [...engine, 'seeds:150'],
    'engine/inbound.js',
    'this.skip = delivered;',
    'this.skip = 0;',
  ),
  inject(
    'the credit of a frame that was cut short is charged twice',
    [...engine, 'seeds:150'],
    'engine/inbound.js',
    'return this.again(this.cutShort);',
    'this.again(this.cutShort);',
  ),
  inject(
    'a session is resumed for somebody else',
    session,
    'session/attachment.js',
    'if (!samePrincipal(session.principal, principal))',
    'if (false)',
  ),
  inject(
    'a resumption count beyond what was sent is believed',
    engine,
    'engine/pace.js',
    'if (frames < this.framesAcked || frames > this.framesSent)',
    'if (frames < this.framesAcked)',
  ),
  inject(
    'the older transport of a resumed session goes on being heard',
    session,
    'session/attachment.js',
    'this.pump.leave();\n        host.engine.detach();',
    'host.engine.detach();',
  ),
]

const deadlocks: readonly Injection[] = [
  inject(
    'reading stops while a write is pending',
    [...session, 'seeds:150'],
    'session/pump.js',
    'this.owner.receiving();',
    'if (this.isFull) { (this.kept ??= []).push(chunk); return; }\n        for (const kept of (this.kept ?? []).splice(0)) this.bytes(kept);\n        this.owner.receiving();',
  ),
  inject(
    'a wake-up is lost: nobody flushes when the transport has room again',
    session,
    'session/pump.js',
    'this.engine.moved(this.clock.now());\n        this.flush();',
    'this.engine.moved(this.clock.now());',
  ),
  inject(
    'a wake-up is lost: no word that there is room to write',
    engine,
    'engine/outbound-streams.js',
    "core.events.push({ type: 'writable', stream: record });",
    ';',
  ),
  inject(
    'a stream that waits for credit is forgotten when credit comes',
    engine,
    'engine/inbound-streams.js',
    'record.send.grant(bytes);\n    core.ready(record);',
    'record.send.grant(bytes);',
  ),
  inject(
    'the count of open streams leaks: a finished stream gives nothing back',
    [...engine, ...session],
    'engine/core.js',
    'this.peerOpenLimit++;',
    ';',
  ),
  inject(
    'one stream that is not read pauses the transport of all',
    session,
    'session/live-stream.js',
    'this.bits |= PAUSED;',
    'this.bits |= PAUSED;\n        this.host.pump.hold();',
  ),
  inject(
    'calls and replies wait for each other: replies wait as new calls do',
    [...engine, ...session, 'seeds:150'],
    'engine/outbound.js',
    'replies(writer, core, budget);\n        if (core.replay.full) {\n            core.replay.waits++;\n            return;\n        }',
    'if (core.replay.full) {\n            core.replay.waits++;\n            return;\n        }\n        replies(writer, core, budget);',
  ),
]

const hung: readonly Injection[] = [
  inject(
    'a write that timed out leaves everybody waiting',
    session,
    'session/pump.js',
    'if (this.stalled(now)) {',
    'if (this.stalled(now)) {\n            this.writesStalled++;\n            return;',
  ),
  inject(
    'a close that waits for a transport that takes no more never ends',
    session,
    'session/pump.js',
    'if (line.full && now < this.closeAt)',
    'if (line.full)',
  ),
  inject(
    'a closed session whose transport never says that it is gone never ends',
    session,
    'session/pump.js',
    'this.closeAt !== undefined && now >= this.closeAt',
    'false',
  ),
  inject(
    'a link that is busy is killed by the keepalive: only pongs count',
    engine,
    'engine/engine.js',
    'this.bytesIn += chunk.length;\n        this.timers.heard(now);',
    'this.bytesIn += chunk.length;',
  ),
  inject(
    'a peer is taken for dead because this side slept',
    engine,
    'engine/liveness.js',
    'if (now - this.due > LATE_MS) {',
    'if (false) {',
  ),
  inject(
    'a dead peer is never noticed',
    engine,
    'engine/liveness.js',
    'else if (this.asked)\n            return true;',
    'else if (this.asked)\n            return false;',
  ),
  inject(
    'keepalives of thousands of sessions go in phase',
    engine,
    'engine/liveness.js',
    'this.pingMs * (1 - JITTER + 2 * JITTER * this.random())',
    'this.pingMs',
  ),
  inject(
    'a stream whose other half is over is kept for ever',
    engine,
    'engine/core.js',
    'if (table.delete(record.number)) {',
    'if (!record.stopped && table.delete(record.number)) {',
  ),
  inject(
    'reads that wait are not told that the transport is lost',
    session,
    'session/live-session.js',
    'this.streamTable.close(failing);',
    ';',
  ),
  inject(
    'calls that wait are not told that the transport is lost',
    session,
    'session/live-session.js',
    'this.caller.close(failing);',
    ';',
  ),
]

const ends: readonly Injection[] = [
  inject(
    'GOAWAY forgets the work that the peer never saw',
    engine,
    'engine/inbound-session.js',
    'core.refuseOpen(record, error);',
    ';',
  ),
  inject(
    'GOAWAY lets new work in behind it',
    engine,
    'engine/inbound-streams.js',
    'else if (core.goAwayCount !== undefined && (flags & wire.PART) === 0) {',
    'else if (false) {',
  ),
  inject(
    'CLOSE overtakes what was written before it',
    engine,
    'engine/outbound.js',
    "(core.phase !== 'closing' || writer.size > 0)",
    "(core.phase !== 'closing')",
  ),
  inject(
    'a second close says a second goodbye',
    engine,
    'engine/engine.js',
    "if (core.phase !== 'open')\n            return;\n        core.phase = 'closing';",
    "core.phase = 'closing';",
  ),
  inject(
    'a transport that ends without a goodbye looks like a clean end',
    [...engine, ...session],
    'session/pump.js',
    "this.lost(new BraidError('TRANSPORT_LOST', text, { scope: 'transport', initiator: 'remote', cause: error }));",
    'this.lost(undefined);',
  ),
]

const identities: readonly Injection[] = [
  inject('ids have the wrong parity', engine, 'engine/streams.js', '(this.mine ? 0 : 1)', '(this.mine ? 1 : 0)'),
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
    "if (record.stopHeard)\n            core.glitches.spend('RESET of a half that was told before');",
    '',
  ),
]

const memory: readonly Injection[] = [
  inject(
    'a stream is registered before its OPEN was found valid',
    engine,
    'engine/inbound-streams.js',
    "record.receive.charge(first.length, 'stream');\n    core.receive.charge(first.length, 'session');\n    record.number = streams.theirsOpened++;\n    streams.theirs.set(record.number, record);",
    "record.number = streams.theirsOpened++;\n    streams.theirs.set(record.number, record);\n    record.receive.charge(first.length, 'stream');\n    core.receive.charge(first.length, 'session');",
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
    'engine/streams.js',
    'this.queue[i] = MESSAGE_END; // let go of what is written',
    ';',
  ),
]

const sharing: readonly Injection[] = [
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
    'else if (record.deficit <= 0)',
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

const elsewhere: readonly Reason[] = [
  {
    bug: 'priorities mean nothing behind a deep socket buffer of the system',
    why: 'the system has that buffer, no line of this code; the pace bounds what goes into it, and its bugs are injected above',
  },
  {
    bug: 'a lock is taken twice, or held while another is waited for',
    why: 'there are no locks and no threads to hold them',
  },
  {
    bug: 'a stream window larger than the storage that was promised for it',
    why: 'nothing is set aside for a window; the budget that bounds them all has tests of its own with small sums',
  },
  {
    bug: 'promise chains keep every message alive',
    why: 'no chain is built for messages; no single place could begin one. The heap is looked at after collection by the tests of long sessions',
  },
  {
    bug: 'pipelined calls: one message, unbounded work',
    why: 'calls cannot be made on results that have not come',
  },
]

export const history: readonly (Injection | Reason)[] = [
  ...credit,
  ...tuning,
  ...acknowledgements,
  ...resumption,
  ...deadlocks,
  ...hung,
  ...ends,
  ...identities,
  ...memory,
  ...sharing,
  ...elsewhere,
]
