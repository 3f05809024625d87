// The turns of Node's event loop, as transports need them to share it. Knows nothing of what is done in a turn.

import type { Turns } from '../transports/reading.ts'

/** Node reads up to 32 chunks of 64 KiB of one socket in a row: full of tiny frames that is a tenth of a second. */
export const turns: Turns = { now: () => performance.now(), next: setImmediate }
