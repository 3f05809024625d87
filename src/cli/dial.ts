// The command's side of a connection: dial, watch that the server keeps answering, hang up, and obey Ctrl-C.
// Knows sessions, not files.

import { setMaxListeners } from 'node:events'
import { BraidError, type ConnectOptions, connect, type Session } from 'braidwire'
import { type Arguments, wrong } from './arguments.ts'
import { Refusal } from './say.ts'
import { dialSecurity } from './security.ts'

// A server that is stopped or whose machine is gone sends nothing, not even an end: it is asked from time to time.
const askEveryMs = 5_000
const unansweredMax = 4

/** A session and what may end it early. */
export interface Connection {
  readonly session: Session
  /** Aborts when the person interrupts the command. */
  readonly signal: AbortSignal
  /** Why the command itself ended the session, if it did. */
  readonly reason: Refusal | undefined
}

/**
 * Dials the server named first, runs the work and hangs up, whatever happens.
 *
 * @throws Refusal when interrupted or when the server falls silent; else what `connect` and `work` throw.
 */
export async function withConnection(args: Arguments, work: (connection: Connection) => Promise<void>): Promise<void> {
  const url = args.positionals[0]!
  if (url === 'stdio:') throw wrong('stdin and stdout are for the output of this command: only serve takes stdio:')
  const security = await dialSecurity(url, args)
  const controller = new AbortController()
  // Every transfer under way listens to it, which is no leak.
  setMaxListeners(0, controller.signal)
  let reason: Refusal | undefined
  const interrupt = (): void => {
    // A second Ctrl-C does not wait for anything.
    if (reason !== undefined) process.exit(130)
    reason = new Refusal('interrupted', 130)
    controller.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    const session = await connect(url, { ...security, signal: controller.signal })
    const rest = watch(session, () => {
      reason ??= new Refusal('the server does not answer any more')
      controller.abort()
    })
    try {
      await admitted(session, security, controller.signal)
      await work({
        session,
        signal: controller.signal,
        get reason() {
          return reason
        },
      })
    } finally {
      clearInterval(rest)
      await session.close()
    }
  } catch (error) {
    throw reason ?? error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** A server that asks for a token answers nothing before it has looked at ours. */
async function admitted(session: Session, { auth }: ConnectOptions, signal: AbortSignal): Promise<void> {
  const leave = () => void session.close()
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave)
  try {
    await session.ping()
  } catch (error) {
    if (!(error instanceof BraidError) || error.code !== 'BRAID_DENIED') throw error
    const why = auth === undefined ? 'it asks for a token (--token-file or BRAID_TOKEN)' : 'it asks for another token'
    throw new Refusal(`the server does not let this side in: ${why}`)
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

function watch(session: Session, silent: () => void): NodeJS.Timeout {
  let unanswered = 0
  const answered = (): void => {
    unanswered = 0
  }
  return setInterval(() => {
    // Counted in turns of this loop, not by the clock: a command held up by its own output has not lost the server.
    if (++unanswered > unansweredMax) silent()
    session.ping().then(answered, () => {})
  }, askEveryMs)
}
