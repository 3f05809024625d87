// The page's one connection: dials, asks for a token where it takes one, and tells what becomes of it. When the network is away the session
// waits and goes on by itself; when it is lost, a new one begins when the person says so. Touches no element.

import { BraidError, connect, type Session } from 'braidwire'

/** Where the connection stands. */
export type Kind = 'connecting' | 'ready' | 'draining' | 'detached' | 'lost' | 'token'

export interface Watcher {
  /** Something changed; `text` is for people, and so is `problem`, of what they did. */
  changed(kind: Kind, text: string, problem?: string): void
  /** There is a new session, let in by the server. What was open in an earlier one has failed. */
  began(session: Session): void
}

/** A network that says nothing for so long is taken for lost; a page has somebody looking at it. */
const IDLE_MS = 15_000

export class Connection {
  readonly #watcher: Watcher
  #session: Session | undefined
  #token = ''

  constructor(watcher: Watcher) {
    this.#watcher = watcher
  }

  /** Dials. A token that was right is used again when none is given. */
  async begin(token: string = this.#token): Promise<void> {
    const { host, protocol } = location
    const tried = token !== ''
    this.#watcher.changed('connecting', 'Connecting')
    let session: Session
    try {
      session = await connect(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}/`, {
        reconnect: true,
        idleTimeoutMs: IDLE_MS,
        auth: new TextEncoder().encode(token),
      })
    } catch (error) {
      return this.#watcher.changed('lost', `No connection: ${sentence(error)}`)
    }
    const over = session.closed
    try {
      // Answered once it was let in.
      await session.ping()
    } catch {
      const error = await over
      if (error?.code !== 'BRAID_DENIED') return this.#watcher.changed('lost', `Lost: ${sentence(error)}`)
      return this.#watcher.changed('token', 'Token needed', tried ? 'That token is not right' : '')
    }
    this.#token = token
    this.#session = session
    this.#watcher.began(session)
    for await (const state of session.states()) this.#tell(state)
    const error = await over
    this.#session = undefined
    this.#watcher.changed('lost', error === undefined ? 'The server has ended' : `Lost: ${sentence(error)}`)
  }

  /** Tells the server that the page goes, so that it does not wait for it to come back. */
  end(): void {
    void this.#session?.close()
  }

  #tell(state: Session['state']): void {
    if (state === 'ready') this.#watcher.changed('ready', 'Connected')
    else if (state === 'detached') this.#watcher.changed('detached', 'Network away: waiting for it')
    else if (state === 'draining') this.#watcher.changed('draining', 'The server is about to end')
  }
}

/** What an error says to people. */
export function sentence(error: unknown): string {
  return error instanceof BraidError || error instanceof Error ? error.message : 'the server went away'
}
