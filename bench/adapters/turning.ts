// Turns of the event loop for writers whose carrier may take all there is for ever: other things have theirs now and then.

/** Bytes written before the event loop turns. */
const TURN_BYTES = 1024 * 1024

/** Told of each chunk and whether more may follow, answers whether it may; `ready` is called after a turn that it made necessary. */
export function turning(ready: () => void): (bytes: number, more: boolean) => boolean {
  let written = 0
  return (bytes, more) => {
    written += bytes
    if (!more || written < TURN_BYTES) return more
    written = 0
    setImmediate(ready)
    return false
  }
}
