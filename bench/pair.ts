// Two child processes, one listening and one dialling, and the few things that can be asked of them.
// Owns their lives: whatever happens, they end with this process.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Line } from './line.ts'
import type { Part, Times } from './worker.ts'
import type { Figures } from './workload.ts'

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url))
const ANSWER_MS = 120_000

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

export class Pair {
  readonly #part: Part
  readonly #client: Worker
  readonly #server: Worker

  /** `flags` go to Node, with `%` standing for the process's part in the pair. */
  constructor(part: Part, flags: readonly string[]) {
    this.#part = part
    const name = `${part.row}.${part.adapter}`
    this.#server = new Worker(`${name}.server`, flags, {})
    this.#client = new Worker(`${name}.client`, flags, {
      mark: (collect: boolean) => this.#server.ask('mark', collect),
    })
  }

  async start(): Promise<void> {
    const port = await this.#server.ask<number>('listen', this.#part)
    await this.#client.ask('dial', { ...this.#part, port })
  }

  stretch(times: Times): Promise<Figures> {
    return this.#client.ask<Figures>('stretch', times)
  }

  async stop(): Promise<void> {
    await this.#client.stop()
    await this.#server.stop()
  }
}

class Worker {
  readonly #child: ChildProcess
  readonly #line: Line
  readonly #ended: Promise<void>

  constructor(name: string, flags: readonly string[], handlers: ConstructorParameters<typeof Line>[1]) {
    const execArgv = ['--expose-gc', ...flags.map((flag) => flag.replace('%', name))]
    this.#child = fork(WORKER, [], { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#line = new Line(this.#child, handlers)
    alive.add(this.#child)
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (code) => {
        alive.delete(this.#child)
        this.#line.hangUp(new Error(`${name} ended with ${code}`))
        resolve()
      })
    })
  }

  async ask<T>(method: string, input?: unknown): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer to ${method} in ${ANSWER_MS} ms`)), ANSWER_MS)
    })
    try {
      return await Promise.race([this.#line.ask<T>(method, input), late])
    } finally {
      clearTimeout(timer)
    }
  }

  async stop(): Promise<void> {
    // Asked first, so that a profile can be written; killed when it does not listen.
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    this.#line.ask('exit').catch(() => {})
    await this.#ended
    clearTimeout(timer)
  }
}
