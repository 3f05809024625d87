// Bugs that made multiplexers slow or stuck: credit, windows that grow, acknowledgements. Data only.

import { conformance, engine, type Injection, inject, session } from './injection.ts'

export const credit: readonly Injection[] = [
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
    "if (record.receiving !== 'open' || (record.bits & STOPPED) !== 0)\n            return;\n        const receive",
    "this.discard(bytes);\n        if (record.receiving !== 'open' || (record.bits & STOPPED) !== 0)\n            return;\n        const receive",
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
  inject(
    'credit that overflows is believed',
    engine,
    'engine/window.js',
    'if (credit + bytes > WINDOW_MAX)',
    'if (false)',
  ),
  inject(
    'only stream credit is checked, not the credit of the session',
    engine,
    'engine/core.js',
    "this.receive.charge(bytes, 'session');",
    'this.receive.left -= bytes;',
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

export const tuning: readonly Injection[] = [
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
  {
    bug: 'the tuner shrinks a larger window',
    tests: engine,
    // Three places would have to fail together.
    patches: [
      { file: 'engine/window.js', find: 'this.wanted <= this.size', put: 'this.wanted === 0' },
      { file: 'engine/window.js', find: 'return bytes < GROWTH_BYTES_MIN ? 0 : bytes;', put: 'return bytes;' },
      { file: 'engine/core.js', find: 'if (bytes <= 0) {', put: 'if (bytes === 0) {' },
    ],
  },
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

export const acknowledgements: readonly Injection[] = [
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
    'return since >= every || bytes >= this.room;',
    'return true;',
  ),
]
