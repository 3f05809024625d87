// The child processes of one contender in one row, and the few things that can be asked of them: one listening and one dialling,
// perhaps one between them, or a single one that is both sides. Owns their lives: whatever happens, they end with this process.

import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Where } from './adapter.ts'
import { Line } from './line.ts'
import { rowNamed } from './rows.ts'
import type { Part } from './worker.ts'
import type { Figures, Times } from './workload.ts'

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url))
const BETWEEN = fileURLToPath(new URL('./between.js', import.meta.url))
const ANSWER_MS = 120_000
const LOOPBACK = '127.0.0.1'

const alive = new Set<ChildProcess>()
const folders = new Set<string>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
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
  /** Neither of them where both sides are one process, or the dialling one starts the other. */
  readonly #server: Worker | undefined
  readonly #between: Worker | undefined
  #folder: string | undefined

  /** `flags` go to the runtime besides its own, with `%` standing for the process's part in the pair. */
  constructor(part: Part, flags: readonly string[], runtime = thisNode) {
    this.#part = part
    const name = `${part.row}.${part.adapter}`
    const own = { ...runtime, flags: [...runtime.flags, ...flags] }
    const { path, through } = rowNamed(part.row)
    if (path !== 'memory' && path !== 'own') this.#server = new Worker(WORKER, `${name}.server`, own, {})
    if (through !== undefined) this.#between = new Worker(BETWEEN, `${name}.between`, own, {})
    this.#client = new Worker(WORKER, `${name}.client`, own, {
      mark: (collect: boolean) => this.#server?.ask('mark', collect),
      wire: () => this.#between?.ask('wire'),
    })
  }

  async start(): Promise<void> {
    if (this.#server === undefined) return this.#client.ask('join', this.#part)
    let where = await this.#server.ask<Where>('listen', { ...this.#part, where: this.#address() })
    const { through: weather } = rowNamed(this.#part.row)
    if (this.#between !== undefined && 'port' in where)
      where = await this.#between.ask<Where>('carry', { port: where.port, weather })
    await this.#client.ask('dial', { ...this.#part, where })
  }

  stretch(times: Times): Promise<Figures> {
    return this.#client.ask<Figures>('stretch', times)
  }

  async stop(): Promise<void> {
    await this.#client.stop()
    await Promise.all([this.#server?.stop(), this.#between?.stop()])
    if (this.#folder === undefined) return
    rmSync(this.#folder, { recursive: true, force: true })
    folders.delete(this.#folder)
  }

  #address(): Where {
    if (rowNamed(this.#part.row).path === 'tcp') return { host: LOOPBACK, port: 0 }
    this.#folder = mkdtempSync(join(tmpdir(), 'braidwire-bench-'))
    folders.add(this.#folder)
    return { path: join(this.#folder, 'socket') }
  }
}

class Worker {
  readonly #child: ChildProcess
  readonly #line: Line
  readonly #ended: Promise<void>

  constructor(module: string, name: string, { path, flags }: Runtime, handlers: ConstructorParameters<typeof Line>[1]) {
    const execArgv = flags.map((flag) => flag.replace('%', name))
    this.#child = fork(module, [], { execPath: path, execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
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
