// Slabs: where what a dialled socket reads is put. Node by itself takes a fresh 64 KiB for every read, however small, and cuts it to
// size; here small reads share one piece of memory, one behind the other. Bytes once read are never written over: they are their
// receiver's, unless it gives them back. Knows no socket.

/** A socket at rest holds one of these, so it is small. */
const SMALL_BYTES = 4096
/** What one read of the system takes at most. */
const LARGE_BYTES = 65_536
/** Less room than this is not worth a read of its own. */
const ROOM_BYTES_MIN = 1024
/** After so many small reads in a row it is no pause between large ones any more. */
const SMALL_READS = 8

/** Not zeroed: only what was read into is handed out. A plain Uint8Array, because views of a Buffer are dearer. */
function slabOf(bytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer)
}

export class Slabs {
  private slab = slabOf(SMALL_BYTES)
  private used = 0
  /** How much of it was used before the last read. */
  private before = 0
  /** Reads fill the room they are given: the next slab is a large one. */
  private large = false
  private smallReads = 0

  /** Room for the next read. It is the same until `take`. */
  room(): Uint8Array {
    const left = this.slab.length - this.used
    const least = this.large ? LARGE_BYTES / 2 : ROOM_BYTES_MIN
    if (left < least || (!this.large && this.slab.length === LARGE_BYTES)) {
      this.slab = slabOf(this.large ? LARGE_BYTES : SMALL_BYTES)
      this.used = 0
    }
    return this.used === 0 ? this.slab : this.slab.subarray(this.used)
  }

  /** The first bytes of that room, which were read into. */
  take(bytes: number): Uint8Array {
    const { slab, used } = this
    const end = used + bytes
    this.smallReads = bytes < SMALL_BYTES ? this.smallReads + 1 : 0
    if (end === slab.length) this.large = true
    else if (this.smallReads === SMALL_READS) this.large = false
    this.before = used
    this.used = end
    return slab.subarray(used, end)
  }

  /** Nobody keeps what was taken last: the next read may write over it. */
  giveBack(): void {
    this.used = this.before
  }
}
