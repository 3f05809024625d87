// Standard input and output as a transport: those of this process, or of a child. Owns what is printed while stdout carries frames, and
// what the end of a child is called. Starts no process and ends none.

import { BraidError } from '../engine/errors.ts'
import type { Transport, TransportSink } from '../session/transport.ts'
import { type DuplexPair, duplexTransport, type ReadableLike, type WritableLike } from '../transports/duplex.ts'
import { turns } from './turns.ts'

/** The address that means stdin and stdout of this process. */
export const STDIO = 'stdio:'

/** What is used of a `ChildProcess`; `{ stdin, stdout }` alone will do, but then nobody knows how the process ended. */
export interface ChildLike {
  readonly stdin: WritableLike | null
  readonly stdout: ReadableLike | null
  readonly pid?: number | undefined
  readonly exitCode?: number | null
  readonly signalCode?: string | null
  on?(event: string, listener: (...values: never[]) => void): unknown
}

/** How long, in ms, the rest of what a child wrote is waited for after its exit, or its exit after its output has ended. */
const EXIT_WAIT_MS = 1000

let taken = false

/**
 * Stdin and stdout of this process, once. From then on stdout belongs to the session, and what the program prints (`console.log`,
 * `process.stdout.write`) goes to stderr instead.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` when stdin or stdout is a terminal, or they are in use already.
 */
export function stdioTransport(): Transport {
  const { stdin, stdout, stderr } = process
  if (taken) throw new BraidError('INVALID_INPUT', 'stdio: is in use already: a process has one stdin and one stdout')
  if (stdin.isTTY || stdout.isTTY) {
    const text = 'stdio: needs pipes, and this is a terminal: let the program that is to talk to this one start it'
    throw new BraidError('INVALID_INPUT', text)
  }
  taken = true
  const write = stdout.write.bind(stdout)
  stdout.write = stderr.write.bind(stderr)
  const writable: WritableLike = {
    on: (event, listener) => stdout.on(event, listener),
    write: (chunk) => write(chunk),
    end: () => stdout.end(),
    destroy: () => stdout.destroy(),
    cork: () => stdout.cork(),
    uncork: () => stdout.uncork(),
    get destroyed() {
      return stdout.destroyed
    },
    get writableLength() {
      return stdout.writableLength
    },
  }
  return duplexTransport({ readable: stdin, writable }, { remote: STDIO, turns })
}

/** Whether something is a child process, or its two pipes. */
export function isChild(target: unknown): target is ChildLike {
  const { stdin, stdout, postMessage } = (target ?? {}) as Partial<ChildLike> & { postMessage?: unknown }
  // A worker has both too, for what its thread prints.
  if (typeof target !== 'object' || postMessage !== undefined || Object.is(target, process)) return false
  return stdin !== undefined && stdout !== undefined
}

/**
 * A child process as the other end. Its exit ends the transport, with an error that names code or signal; ending the
 * transport ends its stdin, and nobody kills it.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` when it was started without pipes.
 */
export function childTransport(child: ChildLike): Transport {
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) {
    throw new BraidError(
      'INVALID_INPUT',
      "the child process has no pipes: start it with stdio: ['pipe', 'pipe', 'inherit']",
    )
  }
  return new ChildTransport(child, { readable: stdout, writable: stdin })
}

class ChildTransport implements Transport, TransportSink {
  readonly confidential = true
  readonly #child: ChildLike
  readonly #inner: Transport
  #sink: TransportSink | undefined
  #closing = false
  #over = false
  /** The pipes have ended; with which error. */
  #ended: { readonly error: Error | undefined } | undefined
  #failure: Error | undefined
  #exited = false
  #timer: NodeJS.Timeout | undefined

  constructor(child: ChildLike, pipes: DuplexPair) {
    this.#child = child
    this.#inner = duplexTransport(pipes, { turns })
    this.#exited = (child.exitCode ?? child.signalCode ?? null) !== null
    child.on?.('error', (error: Error) => this.#failed(error))
    child.on?.('exit', () => this.#exit())
  }

  /** With how the process ended, once it has: who reports a lost connection says where it went. */
  get remote(): string {
    return `stdio:${this.#child.pid ?? ''}${this.#exited ? ` (${this.#exitText()})` : ''}`
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    this.#inner.start(this)
    if (this.#exited) this.#wait()
  }

  send(chunks: Uint8Array[]): boolean {
    return this.#inner.send(chunks)
  }

  pause(): void {
    this.#inner.pause()
  }

  resume(): void {
    this.#inner.resume()
  }

  close(): void {
    this.#closing = true
    this.#inner.close()
  }

  // -- TransportSink of the pipes

  // A child that has exited may be over before its pipes are.

  bytes(chunk: Uint8Array): void {
    if (!this.#over) this.#sink?.bytes(chunk)
  }

  drained(): void {
    if (!this.#over) this.#sink?.drained()
  }

  /** The pipes end a little before it is known how the process did. */
  closed(error?: Error): void {
    if (this.#over) return
    this.#ended = { error }
    const unknown = this.#child.pid !== undefined && this.#child.on !== undefined && !this.#exited
    if (unknown && !this.#closing) this.#wait()
    else this.#finish()
  }

  // -- within

  #exit(): void {
    this.#exited = true
    if (this.#ended !== undefined) this.#finish()
    else if (this.#sink !== undefined) this.#wait()
  }

  #failed(error: Error): void {
    this.#failure ??= error
    if (this.#ended !== undefined) this.#finish()
  }

  /** A process that the child started may keep its pipes open for ever. */
  #wait(): void {
    this.#timer ??= setTimeout(() => this.#finish(), EXIT_WAIT_MS)
  }

  #finish(): void {
    clearTimeout(this.#timer)
    if (this.#over) return
    this.#over = true
    if (this.#ended === undefined) this.#inner.close()
    this.#sink?.closed(this.#closing ? undefined : this.#explained())
  }

  /** A process that goes without an error may have said what it had to; who expected more knows from `remote` how it went. */
  #explained(): Error | undefined {
    const { pid, exitCode } = this.#child
    const failed = this.#failure
    if (pid === undefined && failed !== undefined) {
      const text = `the child process could not be started: ${failed.message}`
      return new BraidError('UNREACHABLE', text, { scope: 'transport', cause: failed })
    }
    const error = this.#ended?.error ?? failed
    if (!this.#exited || exitCode === 0) return error
    const text = `the child process ${pid ?? ''} ${this.#exitText()}`.replace('  ', ' ')
    return new BraidError('TRANSPORT_LOST', text, { scope: 'transport', initiator: 'remote', cause: error })
  }

  #exitText(): string {
    const { exitCode, signalCode } = this.#child
    return signalCode ? `was ended by ${signalCode}` : `exited with code ${exitCode}`
  }
}
