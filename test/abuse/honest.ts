// An honest client of the attacked program: calls it at a steady pace and notes how long each call took.

import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Session } from 'braidwire'
import { type Client, wrap } from 'braidwire/rpc'
import type { Api } from './server.ts'

const EVERY_MS = 4
/** Calls in flight at most: whoever does not answer is not asked for ever. */
const IN_FLIGHT_MAX = 100

export class Honest {
  readonly session: Session
  readonly #remote: Client<Api>
  #took: number[] = []
  #failed = 0
  #inFlight = 0
  #timer: NodeJS.Timeout | undefined

  static async connect(url: string): Promise<Honest> {
    return new Honest(await connect(url, { auth: new TextEncoder().encode('honest') }))
  }

  constructor(session: Session) {
    this.session = session
    this.#remote = wrap<Api>(session)
  }

  start(): void {
    this.#took = []
    this.#resume()
  }

  /** Durations since the start, in ms, and how many calls failed. */
  async stop(): Promise<{ readonly took: readonly number[]; readonly failed: number }> {
    await this.#pause()
    return { took: this.#took, failed: this.#failed + this.#inFlight }
  }

  /** Does not call while something is done that is no part of what is measured. */
  async without(task: () => Promise<unknown>): Promise<void> {
    await this.#pause()
    await task()
    this.#resume()
  }

  #resume(): void {
    this.#timer ??= setInterval(() => void this.#call(), EVERY_MS)
  }

  async #pause(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    for (let waited = 0; this.#inFlight > 0 && waited < 5000; waited += 10) await sleep(10)
  }

  async #call(): Promise<void> {
    if (this.#inFlight >= IN_FLIGHT_MAX) return
    this.#inFlight++
    const begun = performance.now()
    try {
      await this.#remote.echo(1)
    } catch {
      this.#failed++
    }
    this.#took.push(performance.now() - begun)
    this.#inFlight--
  }
}
