// One download: a file of the served folder into a Blob, with pause and cancel. Touches no element.
// A browser keeps Blobs on its disk when they get large, so a page holds no more of a file than its last piece.

import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { BraidError, type Session } from 'braidwire'
import { type FileHash, type FileSink, fetchFile } from 'braidwire/file'

export type Phase = 'waiting' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled'

/** Bytes collected before they go into a Blob. */
const PIECE_BYTES = 4 * 1024 * 1024

/** Web Crypto digests whole files only, and only in secure contexts. */
export function runningSha256(): FileHash {
  const hash = sha256.create()
  return { update: (bytes) => void hash.update(bytes), digest: () => bytesToHex(hash.digest()) }
}

export class Transfer {
  readonly path: string
  size: number
  done = 0
  phase: Phase = 'waiting'
  /** Once it is done. */
  blob: Blob | undefined
  error: unknown
  readonly #abort = new AbortController()
  #resume: (() => void) | undefined
  #resumed: Promise<void> | undefined

  /** @param size as the listing said. */
  constructor(path: string, size: number) {
    this.path = path
    this.size = size
  }

  get over(): boolean {
    return this.phase === 'done' || this.phase === 'failed' || this.phase === 'cancelled'
  }

  /** Fetches the file; resolves when it is over, however that went. */
  async run(session: Session): Promise<void> {
    if (this.phase === 'waiting') this.phase = 'running'
    try {
      await fetchFile(session, this.path, this.#sink(), {
        signal: this.#abort.signal,
        progress: (done) => {
          this.done = done
        },
      })
      this.phase = 'done'
    } catch (error) {
      this.error = error
      const byPerson = this.#abort.signal.aborted && error instanceof BraidError && error.code === 'BRAID_CANCELLED'
      this.phase = byPerson ? 'cancelled' : 'failed'
    }
  }

  /** Takes nothing more; the server stops as soon as the stream's credit is used up. */
  pause(): void {
    if (this.phase !== 'running') return
    this.phase = 'paused'
    this.#resumed = new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  resume(): void {
    if (this.phase !== 'paused') return
    this.phase = 'running'
    this.#resumed = undefined
    this.#resume?.()
  }

  /** Gives it up; what came of it is dropped. */
  cancel(): void {
    if (this.phase === 'waiting') this.phase = 'cancelled'
    this.#abort.abort()
  }

  #sink(): FileSink {
    const pieces: Blob[] = []
    let chunks: Uint8Array<ArrayBuffer>[] = []
    let held = 0
    const put = (): void => {
      pieces.push(new Blob(chunks))
      chunks = []
      held = 0
    }
    const drop = (): void => {
      pieces.length = 0
      chunks = []
    }
    return {
      hash: runningSha256(),
      open: async ({ size }) => {
        this.size = size
      },
      write: (bytes) => {
        chunks.push(bytes as Uint8Array<ArrayBuffer>)
        held += bytes.length
        if (held >= PIECE_BYTES) put()
        return this.#resumed === undefined
      },
      ready: () => this.#resumed ?? Promise.resolve(),
      commit: async () => {
        put()
        // Whatever is in it, a browser must not show it as a page of this server.
        this.blob = new Blob(pieces, { type: 'application/octet-stream' })
        drop()
      },
      abort: async () => drop(),
    }
  }
}
