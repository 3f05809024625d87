// Backoff: how long to wait before dialling again, so that a thousand clients of one server do not all come back at once.

const FIRST_MS = 100
const MAX_MS = 30_000

/**
 * Full jitter: anything up to a bound that doubles with each try, from 100 ms to 30 s ("Exponential backoff and jitter", AWS
 * Architecture Blog, 2015). `tries`: how many there were.
 */
export function backoff(tries: number, random: () => number): number {
  return random() * Math.min(MAX_MS, FIRST_MS * 2 ** tries)
}
