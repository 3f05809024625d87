// Programs of the tests in processes of their own, and the questions that can be asked of them. Owns their lives: whatever
// happens, they end with this process. What they do, it does not know.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

interface Question {
  readonly number: number
  readonly name: string
  readonly input: unknown
}
interface Answer {
  readonly number: number
  readonly output?: unknown
  readonly failure?: string
}

const ANSWER_MS = 180_000

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/** A program in a process of its own. */
export class Child {
  readonly ended: Promise<unknown>
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #asked = 0

  constructor(program: URL, args: readonly string[] = [], flags: readonly string[] = ['--expose-gc']) {
    this.#process = fork(fileURLToPath(program), args, { execArgv: [...flags], serialization: 'advanced' })
    alive.add(this.#process)
    this.ended = once(this.#process, 'exit').then(() => {
      alive.delete(this.#process)
      for (const settle of this.#waiting.values()) settle({ number: 0, failure: 'the process has ended' })
    })
    this.#process.on('message', (message) => {
      const answer = message as Answer
      this.#waiting.get(answer.number)?.(answer)
    })
  }

  get pid(): number {
    return this.#process.pid as number
  }

  /** Rejects when the program fails at it, or has ended. */
  async ask<T>(name: string, input?: unknown): Promise<T> {
    const number = ++this.#asked
    let timer: NodeJS.Timeout | undefined
    const answer = await new Promise<Answer>((resolve) => {
      timer = setTimeout(() => resolve({ number, failure: `no answer in ${ANSWER_MS} ms` }), ANSWER_MS)
      this.#waiting.set(number, resolve)
      if (!this.#process.connected) return resolve({ number, failure: 'the process has ended' })
      this.#process.send({ number, name, input } satisfies Question, (error) => {
        if (error !== null) resolve({ number, failure: error.message })
      })
    })
    clearTimeout(timer)
    this.#waiting.delete(number)
    if (answer.failure !== undefined) throw new Error(`${name}: ${answer.failure}`)
    return answer.output as T
  }

  /** Ends it without asking. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.ended
  }
}

/** In the program: answers what is asked, until the process that asks is gone. */
export function answer(handlers: Readonly<Record<string, (input: never) => unknown>>): void {
  process.on('message', async (message) => {
    const { number, name, input } = message as Question
    let reply: Answer
    try {
      reply = { number, output: await handlers[name]?.(input as never) }
    } catch (error) {
      reply = { number, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
    if (process.connected) process.send?.(reply)
  })
  process.on('disconnect', () => process.exit())
}
