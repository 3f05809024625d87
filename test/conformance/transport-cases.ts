// What every transport must do, said with bytes: order, backpressure, the end from either side. Knows no session and no runner.

import {
  begun,
  delay,
  End,
  type Ends,
  endedWell,
  equal,
  faultless,
  holds,
  MiB,
  random,
  Source,
  turns,
} from './transport-ends.ts'

/** A transport whose reader has paused may take no more than this: what all buffers on the way hold together. */
const HELD_BYTES_MAX = 64 * MiB
/** A sender that hears nothing for so long is held. */
const HELD_MS = 100

type Run = (ends: Ends) => Promise<void>

/** Sends `bytes` in lists of chunks of any size, as the transport takes them. */
async function pour(end: End, bytes: number, seed: number, chunkMax = 100_000): Promise<void> {
  const source = new Source(seed)
  const below = random(seed)
  for (let left = bytes; left > 0; ) {
    const chunks: Uint8Array[] = []
    for (let n = 1 + below(8); n > 0 && left > 0; n--) {
      const length = Math.min(left, 1 + below(below(3) === 0 ? chunkMax : 300))
      chunks.push(source.next(length))
      left -= length
    }
    if (!end.send(...chunks)) await end.room()
    else if (below(20) === 0) await turns(1)
  }
}

/** Everything that the other end has sent has come. */
function all(end: End, other: End): Promise<void> {
  return end.until(`${other.sent.length} bytes`, () => end.got.length >= other.sent.length)
}

async function order(ends: Ends): Promise<void> {
  const [near, far] = begun(ends)
  await Promise.all([pour(near, 2 * MiB, 1), pour(far, 2 * MiB, 2)])
  await Promise.all([all(near, far), all(far, near)])
  await Promise.all([near.room(), far.room()])
  near.transport.close()
  await endedWell(near, far)
}

async function early(ends: Ends): Promise<void> {
  const near = new End('near', ends.near).start()
  near.send(new Source(3).next(10_000))
  await turns(20)
  const far = new End('far', ends.far).start()
  await all(far, near)
  far.transport.close()
  await endedWell(near, far)
}

async function held(ends: Ends): Promise<void> {
  const [near, far] = begun(ends)
  const source = new Source(4)
  far.transport.pause()
  for (let isHeld = false; !isHeld; ) {
    holds(near.sent.length < HELD_BYTES_MAX, `${near.sent.length} bytes were taken while the reader had paused`)
    if (near.send(source.next(65_536))) continue
    const room = near.room().then(() => false)
    isHeld = await Promise.race([room, delay(HELD_MS).then(() => true)])
  }
  far.transport.resume()
  await all(far, near)
  await near.room()
  equal(near.drains, near.refusals, 'how often drained came')
  near.transport.close()
  await endedWell(near, far)
}

async function pauses(ends: Ends): Promise<void> {
  const [near, far] = begun(ends)
  for (const end of [near, far]) {
    const below = random(5)
    end.onBytes = () => {
      if (below(3) > 0) return
      end.transport.pause()
      if (below(2) > 0) void turns(1 + below(3)).then(() => end.transport.resume())
      else end.transport.resume()
    }
  }
  await Promise.all([pour(near, MiB, 6, 20_000), pour(far, MiB, 7, 20_000)])
  await Promise.all([all(near, far), all(far, near)])
  near.transport.close()
  await endedWell(near, far)
}

/** Closes an end right after its last byte was taken. */
function closing(which: 'near' | 'far'): Run {
  return async (ends) => {
    const [near, far] = begun(ends)
    const [closer, other] = which === 'near' ? [near, far] : [far, near]
    other.send(new Source(8).next(1000))
    await all(closer, other)
    await pour(closer, MiB, 9)
    closer.transport.close()
    closer.transport.close()
    equal(closer.transport.send([new Uint8Array(10)]), true, 'what send answers after close')
    await endedWell(near, far)
    for (const { transport } of [near, far]) {
      transport.close()
      transport.pause()
      transport.resume()
      equal(transport.send([new Uint8Array(10)]), true, 'what send answers when the transport is gone')
    }
    await faultless(near, far)
  }
}

async function together(ends: Ends): Promise<void> {
  const [near, far] = await inUse(ends)
  near.transport.close()
  far.transport.close()
  await endedWell(near, far)
}

async function unused(ends: Ends): Promise<void> {
  const [near, far] = begun(ends)
  near.transport.close()
  await endedWell(near, far)
}

/** Cuts the carrier while bytes are on their way in both directions. */
function broken(which: 'near' | 'far'): Run {
  return async (ends) => {
    const [near, far] = await inUse(ends)
    near.send(new Source(14).next(200_000))
    far.send(new Source(15).next(200_000))
    await ends.cut?.(which)
    await Promise.all([near.untilClosed(), far.untilClosed()])
    for (const { transport } of [near, far]) {
      transport.close()
      equal(transport.send([new Uint8Array(10)]), true, 'what send answers when the transport is gone')
    }
    await faultless(near, far)
  }
}

async function told(ends: Ends): Promise<void> {
  const [near, far] = await inUse(ends)
  // Only what the broken end has not read is on its way: some systems let bytes go before the news, and then forget the news.
  far.send(new Source(16).next(200_000))
  await ends.cut?.('near')
  holds((await far.untilClosed()) instanceof Error, 'the end that did not break hears of no error')
  await near.untilClosed()
  await faultless(near, far)
}

/** Both ends, when both have been heard. */
async function inUse(ends: Ends): Promise<[End, End]> {
  const [near, far] = begun(ends)
  near.send(new Source(12).next(1000))
  far.send(new Source(13).next(1000))
  await Promise.all([all(near, far), all(far, near)])
  return [near, far]
}

/** Cases said with bytes, each of them given a pair of its own. */
export const byteCases = {
  'bytes keep their order however they are cut, both ways at once': order,
  'what is sent before the other end has started arrives': early,
  'a reader that pauses holds the sender, and drained comes once for every false': held,
  'a reader that pauses and resumes at any time loses nothing': pauses,
  'close hands over all that was sent, then ends both ends once, without an error': closing('near'),
  'close does the same from the other side': closing('far'),
  'both ends may close at once': together,
  'close ends a pair over which nothing was sent': unused,
  'a carrier that breaks ends both ends once': broken('near'),
  'a carrier that breaks at the other side ends both ends once': broken('far'),
  'a broken carrier is told from one that was closed': told,
} satisfies Record<string, Run>
