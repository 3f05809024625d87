// A program of its own process and the questions that can be asked of it, from both ends. Whatever happens, it ends with the
// process that started it. Knows nothing of what is asked.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Line } from '../line.ts'

type Handlers = ConstructorParameters<typeof Line>[1]

const ANSWER_MS = 600_000

export class Child {
  readonly #child: ChildProcess
  readonly #line: Line
  readonly #ended: Promise<void>

  /** `handlers` answer what the program asks. */
  constructor(program: URL, handlers: Handlers = {}) {
    this.#child = fork(fileURLToPath(program), [], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#line = new Line(this.#child, handlers)
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#line.hangUp(new Error(`a process of the benchmark ended with ${signal ?? code}`))
        resolve()
      })
    })
  }

  /** Rejects when the program fails at it, has ended, or takes more than ten minutes. */
  async ask<T>(method: string, input?: unknown): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer to ${method} in ${ANSWER_MS / 1000} s`)), ANSWER_MS)
    })
    try {
      return await Promise.race([this.#line.ask<T>(method, input), late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** It has nothing to put in order. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

/** In the program: answers what is asked until nobody is left who could. */
export function answering(handlers: Handlers): Line {
  process.on('disconnect', () => process.exit(1))
  return new Line(process, handlers)
}
