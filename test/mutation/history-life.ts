// Bugs that made multiplexers lose, double or wait for ever: resumption, deadlocks, liveness, ends. Data only.

import { engine, type Injection, inject, session } from './injection.ts'

export const resumption: readonly Injection[] = [
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
    'this.last = last;\n        this.bytes += FLUSH_COST + bytes;',
    'this.last = last;\n        this.bytes += FLUSH_COST + bytes;\n        while (this.bytes > this.limit && this.flushes.size > 1) this.bytes -= FLUSH_COST + this.flushes.shift().bytes;',
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
  {
    bug: 'a resumption count beyond what was sent is believed',
    tests: engine,
    patches: [
      { file: 'engine/pace.js', find: '|| frames > this.framesSent)', put: ')' },
      { file: 'engine/pace.js', find: 'if (frames < 0 || this.framesAcked > this.framesSent)', put: 'if (frames < 0)' },
    ],
  },
  inject(
    'the older transport of a resumed session goes on being heard',
    session,
    'session/attachment.js',
    'this.pump.leave();\n        host.engine.detach();',
    'host.engine.detach();',
  ),
]

export const deadlocks: readonly Injection[] = [
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
    'record.credit = granted(record.credit, bytes);\n    core.ready(record);',
    'record.credit = granted(record.credit, bytes);',
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
    "replies(writer, core, budget);\n        if (core.phase === 'open' && core.replay.full) {\n            core.replay.waits++;\n            return;\n        }",
    "if (core.phase === 'open' && core.replay.full) {\n            core.replay.waits++;\n            return;\n        }\n        replies(writer, core, budget);",
  ),
]

export const hung: readonly Injection[] = [
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
    'if (!record.has(4 /* STOPPED */) && table.delete(record.number)) {',
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

export const ends: readonly Injection[] = [
  inject(
    'GOAWAY forgets the work that the peer never saw',
    engine,
    'engine/inbound-session.js',
    'core.refuseOpen(opening.record, error);',
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
