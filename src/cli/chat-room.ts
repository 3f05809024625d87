// The chat between the pages that are open: relays what one says to all who entered. Keeps nothing that was said. What comes in is a
// stranger's, and is looked at field by field.

import { BraidError, type Session } from 'braidwire'
import { type Events, events } from 'braidwire/rpc'

/** What travels from the room to each page. */
interface Told {
  said: { who: string; text: string }
  present: { people: number }
}

/** What a page says. */
interface Heard {
  said: unknown
}

/** As the page has them, too. */
const whoMax = 40
const textMax = 2000

/** Of one server. */
export class ChatRoom {
  readonly #people = new Map<Session, Events<Told, Heard>>()

  /** Lets a session enter, should it want to: others, like `braid ls`, see nothing of it. */
  offer(session: Session): void {
    const topic = events<Told, Heard>(session, 'chat')
    session.handleCall('chat.enter', async () => {
      if (!this.#people.has(session)) await this.#enter(session, topic)
      return new Uint8Array()
    })
  }

  /** Who has entered is heard from then on. */
  async #enter(session: Session, topic: Events<Told, Heard>): Promise<void> {
    this.#people.set(session, topic)
    void session.closed.then(() => {
      this.#people.delete(session)
      this.#count()
    })
    const said = topic.on('said')
    void this.#relay(said)
    await said.ready
    this.#count()
  }

  async #relay(said: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const line of said) {
        const told = lineOf(line)
        if (told !== undefined) for (const other of this.#people.values()) other.emit('said', told)
      }
    } catch (error) {
      // The session is over, or the other side wants no chat any more.
      if (!(error instanceof BraidError)) throw error
    }
  }

  #count(): void {
    const people = this.#people.size
    for (const other of this.#people.values()) other.emit('present', { people })
  }
}

function lineOf(line: unknown): Told['said'] | undefined {
  const { who, text } = (line ?? {}) as { who?: unknown; text?: unknown }
  if (typeof who !== 'string' || typeof text !== 'string' || text.trim() === '') return undefined
  return { who: who.slice(0, whoMax), text: text.slice(0, textMax) }
}
