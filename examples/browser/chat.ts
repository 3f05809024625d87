// The chat between open pages: typed events over the same session as the files. What others say is shown as text, the last lines of it.

import type { Session } from 'braidwire'
import { BraidError } from 'braidwire'
import { type Events, events } from 'braidwire/rpc'
import { byId, make, plainName, setText } from './elements.ts'

interface Said {
  said: { who: string; text: string }
}

interface Heard extends Said {
  present: { people: number }
}

const LINES_MAX = 200

const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

export class Chat {
  readonly #log = byId('chat')
  readonly #who = byId<HTMLInputElement>('who')
  readonly #text = byId<HTMLInputElement>('text')
  #topic: Events<Said, Heard> | undefined

  constructor() {
    byId('chat-form').addEventListener('submit', (submit) => {
      submit.preventDefault()
      this.#say()
    })
    // Scrolled by keyboard, too.
    this.#log.tabIndex = 0
    this.#who.value = `Guest ${1 + Math.floor(Math.random() * 99)}`
  }

  /** Enters the room of this session's server. */
  use(session: Session): void {
    const topic = events<Said, Heard>(session, 'chat')
    this.#topic = topic
    const [said, present] = [topic.on('said'), topic.on('present')]
    void this.#hear(said, ({ who, text }) => this.#add(String(who), String(text)))
    void this.#hear(present, ({ people }) => {
      setText(byId('people'), people === 1 ? 'only you are here' : `${Number(people)} people here`)
    })
    // Who enters when they listen misses nothing. A session that ends meanwhile has a successor, which enters again.
    const entered = Promise.all([said.ready, present.ready]).then(() => session.call('chat.enter', new Uint8Array()))
    entered.catch(() => {})
  }

  async #hear<Value>(heard: AsyncIterable<Value>, each: (value: Value) => void): Promise<void> {
    try {
      for await (const value of heard) each(value)
    } catch (error) {
      // The session is over; the next one enters again.
      if (!(error instanceof BraidError)) throw error
    }
  }

  #say(): void {
    const text = this.#text.value.trim()
    if (text === '' || this.#topic === undefined) return
    this.#topic.emit('said', { who: this.#who.value.trim(), text })
    this.#text.value = ''
    this.#text.focus()
  }

  #add(who: string, text: string): void {
    const log = this.#log
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40
    const name = make('bdi', { class: 'by' }, plainName(who) || 'Somebody')
    const when = make('time', { class: 'note' }, time.format(Date.now()))
    log.append(make('div', { class: 'said' }, name, ' ', when, make('p', { dir: 'auto' }, text)))
    while (log.childElementCount > LINES_MAX) log.firstElementChild?.remove()
    if (atEnd) log.scrollTop = log.scrollHeight
  }
}
