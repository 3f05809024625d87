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

/** What the processes of a pair run on. */
export interface Runtime {
  /** Its executable. */
  readonly path: string
  /** What stands before the program's name. */
  readonly flags: readonly string[]
}

export const thisNode: Runtime = { path: process.execPath, flags: ['--expose-gc'] }

export class Pair {
  readonly #part: Part
  readonly #client: Worker
  readonly #server: Worker

  /** `flags` go to the runtime besides its own, with `%` standing for the process's part in the pair. */
  constructor(part: Part, flags: readonly string[], runtime = thisNode) {
    this.#part = part
    const name = `${part.row}.${part.adapter}`
    const own = { ...runtime, flags: [...runtime.flags, ...flags] }
    this.#server = new Worker(`${name}.server`, own, {})
    this.#client = new Worker(`${name}.client`, own, {
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

  constructor(name: string, { path, flags }: Runtime, handlers: ConstructorParameters<typeof Line>[1]) {
    const execArgv = flags.map((flag) => flag.replace('%', name))
    this.#child = fork(WORKER, [], { execPath: path, execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#line = new Line(this.#child, handlers)
    alive.add(this.#child)
    this.#ended = new Promise((resolve) => {
      const ended = (why: string) => {
        alive.delete(this.#child)
        this.#line.hangUp(new Error(`${name} ${why}`))
        resolve()
      }
      this.#child.once('exit', (code) => ended(`ended with ${code}`))
      // An executable made for another machine never begins, and so never exits.
      this.#child.once('error', (error) => ended(`could not be run: ${error.message}`))
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
