// Questions and answers between a process and its child over Node's IPC channel, in both directions.
// Knows nothing of what is asked.

/** The members of `process` and of a `ChildProcess` that are used. */
interface Port {
  /** `sent` is told the error when the other process is gone; without it, that would be an event that kills this one. */
  send?(message: object, sent: (error: Error | null) => void): unknown
  on(event: 'message', take: (message: unknown) => void): unknown
}

interface Question {
  readonly ask: number
  readonly method: string
  readonly input: unknown
}

interface Answer {
  readonly answer: number
  readonly value: unknown
  readonly error: string | undefined
}

interface Asked {
  resolve(value: unknown): void
  reject(error: Error): void
}

type Handler = (input: never) => unknown

export class Line {
  readonly #port: Port
  readonly #handlers: Record<string, Handler>
  readonly #asked = new Map<number, Asked>()
  #count = 0

  constructor(port: Port, handlers: Record<string, Handler>) {
    this.#port = port
    this.#handlers = handlers
    port.on('message', (message) => {
      if ('ask' in (message as object)) void this.#reply(message as Question)
      else this.#settle(message as Answer)
    })
  }

  /** Asks the other process; the answer is what its handler of that name returned. */
  ask<T>(method: string, input?: unknown): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const ask = this.#count++
      this.#asked.set(ask, { resolve: resolve as (value: unknown) => void, reject })
      this.#port.send?.({ ask, method, input } satisfies Question, (error) => {
        if (error === null) return
        this.#asked.delete(ask)
        reject(error)
      })
    })
  }

  /** Nobody will answer any more. */
  hangUp(error: Error): void {
    for (const asked of this.#asked.values()) asked.reject(error)
    this.#asked.clear()
  }

  async #reply({ ask, method, input }: Question): Promise<void> {
    let value: unknown
    let error: string | undefined
    try {
      value = await this.#handlers[method]!(input as never)
    } catch (thrown) {
      error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    }
    this.#port.send?.({ answer: ask, value, error } satisfies Answer, ignore)
  }

  #settle({ answer, value, error }: Answer): void {
    const asked = this.#asked.get(answer)
    this.#asked.delete(answer)
    if (error === undefined) asked?.resolve(value)
    else asked?.reject(new Error(error))
  }
}

/** Whoever asked is gone: nobody waits for the answer. */
function ignore(): void {}
