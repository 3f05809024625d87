// Whose bytes next: urgency, then deficit round robin in bytes (Shreedhar and Varghese, 1995). Holds the streams that have
// bytes and credit; knows nothing of frames or windows. A stream that joins after a rest with little goes first once, so that a sparse
// stream overtakes bulk; lower urgencies keep one turn in sixteen, so that none starves.

/** What the scheduler needs of a stream also while it has nothing to send. */
export interface Flow {
  readonly urgency: number
  /** Count of turns when it last had one; -1: it had none. */
  lastTurn: number
}

/** What the scheduler needs of a stream that has: links and counters that live in an object of the stream's own. */
export interface Schedulable {
  readonly stream: Flow
  next: Schedulable | undefined
  previous: Schedulable | undefined
  scheduled: boolean
  /** Bytes that wait. */
  readonly queued: number
  /** They are its last. */
  ending: boolean
  /** Bytes it may still send in this turn. */
  deficit: number
  /** It joined at the front and has not had that turn yet. */
  jumped: boolean
}

const URGENCIES = 8
const YIELD_EVERY = 16
/** So many may go first in a burst; each turn of one that waited allows one more. Else a flow of newcomers starves bulk. */
const JUMPS_MAX = 16
/** Few streams: long turns, so that chunks are not cut up. Many: short ones, so that none waits long. */
const QUANTUM_FEW = 65_536
const QUANTUM_MANY = 16_384
const FEW = 8

class Ring<T extends Schedulable> {
  head: T | undefined
  tail: T | undefined

  push(item: T): void {
    item.previous = this.tail
    item.next = undefined
    if (this.tail) this.tail.next = item
    else this.head = item
    this.tail = item
  }

  /** At the front, behind those that came to the front before it. */
  jump(item: T): void {
    let before: Schedulable | undefined
    for (let next: Schedulable | undefined = this.head; next?.jumped; next = next.next) before = next
    item.previous = before
    item.next = before === undefined ? this.head : before.next
    if (item.next) item.next.previous = item
    else this.tail = item
    if (before === undefined) this.head = item
    else before.next = item
  }

  remove(item: T): void {
    if (item.previous) item.previous.next = item.next
    else this.head = item.next as T | undefined
    if (item.next) item.next.previous = item.previous
    else this.tail = item.previous as T | undefined
    item.next = undefined
    item.previous = undefined
  }
}

export class Scheduler<T extends Schedulable> {
  /** Streams waiting for a turn. */
  size = 0
  /** How many of them are ending. */
  private endings = 0
  private readonly rings: Ring<T>[] = Array.from({ length: URGENCIES }, () => new Ring<T>())
  private turns = 0
  private yielded = 0
  private jumps = 0

  get quantum(): number {
    return this.size <= FEW ? QUANTUM_FEW : QUANTUM_MANY
  }

  /** The stream has bytes and credit. Does nothing when it waits already. */
  join(item: T): void {
    if (item.scheduled) return
    item.scheduled = true
    item.deficit = 0
    const ring = this.rings[item.stream.urgency]
    // Front only for one that has little, and has had no turn for a whole round: leaving and joining again gains nothing.
    const sparse = item.queued <= QUANTUM_FEW && this.turns - item.stream.lastTurn >= this.size
    item.jumped = sparse && this.jumps < JUMPS_MAX
    if (item.jumped) {
      this.jumps++
      ring.jump(item)
    } else ring.push(item)
    this.size++
    if (item.ending) this.endings++
  }

  /** Nothing more will be written to it. */
  end(item: T): void {
    if (item.scheduled && !item.ending) this.endings++
    item.ending = true
  }

  /** All that wait are ending: their turns may be as long as they are, as none has to wait for ever. */
  get allEnding(): boolean {
    return this.endings === this.size && !this.yields
  }

  leave(item: T): void {
    if (!item.scheduled) return
    item.scheduled = false
    item.jumped = false
    this.rings[item.stream.urgency].remove(item)
    this.size--
    if (item.ending) this.endings--
  }

  /** The stream whose turn it is. It keeps its turn until `done` or `leave`. */
  next(): T | undefined {
    if (this.size === 0) return undefined
    const item = this.yields ? this.yielding() : this.first()
    if (item !== undefined && item.deficit <= 0) item.deficit += this.quantum
    return item
  }

  /** Its turn is over and it has more to send. */
  done(item: T): void {
    this.turned(item)
    const ring = this.rings[item.stream.urgency]
    ring.remove(item)
    ring.push(item)
  }

  /** A turn was taken, whether the stream stays or leaves. */
  turned(item: T): void {
    if (this.yields) this.yielded = item.stream.urgency + 1
    if (!item.jumped && this.jumps > 0) this.jumps--
    item.jumped = false
    this.turns++
    item.stream.lastTurn = this.turns
  }

  /** The turn that comes belongs to a lower urgency. */
  get yields(): boolean {
    return this.turns % YIELD_EVERY === YIELD_EVERY - 1
  }

  private first(): T | undefined {
    for (const ring of this.rings) if (ring.head) return ring.head
    return undefined
  }

  /** The sixteenth turn: the next urgency after the first one that has something, in rotation. */
  private yielding(): T | undefined {
    const first = this.rings.findIndex((ring) => ring.head !== undefined)
    for (let step = 0; step < URGENCIES; step++) {
      const urgency = (this.yielded + step) % URGENCIES
      const head = this.rings[urgency].head
      if (urgency > first && head !== undefined) return head
    }
    return this.rings[first].head
  }
}
