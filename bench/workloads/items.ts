// Server streaming: one call after another whose result is a stream of small items, each taken as it comes.

import { type Body, LETTERS, type Remote } from '../adapter.ts'
import { verify } from '../body.ts'
import { type Column, cpuShare, type Figures, type Stretch, type Traffic, type Workload } from '../workload.ts'

const COLUMNS: readonly Column[] = [
  { name: 'itemsPerS', title: 'items/s', better: 'more', headline: true },
  { name: 'cpuUsPerItem', title: 'CPU µs an item, both sides', better: 'less' },
]

/** Items of one call whose contents are looked at before anything is measured. */
const VERIFIED = 300

export function items(perCall: number, itemBytes: number): Workload {
  return {
    columns: COLUMNS,
    traffic: (remote: Remote) => new Items(remote, perCall, itemBytes),
    figures,
  }
}

function figures(stretch: Stretch): Figures {
  const [begin, end] = stretch.client
  const itemsPerS = ((stretch.counts.items ?? 0) * 1000) / (end.atMs - begin.atMs)
  return { itemsPerS, cpuUsPerItem: (cpuShare(stretch) * 1e6) / itemsPerS }
}

class Items implements Traffic {
  readonly written = 0
  readonly #remote: Remote
  readonly #perCall: number
  readonly #bytes: number
  #running = false
  #under = false
  #ofCall = 0
  #items = 0
  #stopped: (() => void) | undefined

  constructor(remote: Remote, perCall: number, bytes: number) {
    this.#remote = remote
    this.#perCall = perCall
    this.#bytes = bytes
  }

  prepare(): Promise<void> {
    return new Promise((resolve, reject) => {
      const taken: Body[] = []
      const done = (): void => {
        try {
          this.#complete(taken.length, VERIFIED)
          for (const item of taken) verify(item, this.#bytes, LETTERS.tick)
          resolve()
        } catch (error) {
          reject(error)
        }
      }
      this.#remote.ticks!(VERIFIED, this.#bytes, (item) => taken.push(item), done)
    })
  }

  start(): void {
    this.#running = true
    this.#next()
  }

  clear(): void {
    this.#items = 0
  }

  counts(): Record<string, number> {
    return { items: this.#items }
  }

  stop(): Promise<void> {
    this.#running = false
    return new Promise((resolve) => {
      if (this.#under) this.#stopped = resolve
      else resolve()
    })
  }

  readonly #each = (item: Body): void => {
    if (item.length !== this.#bytes) throw new Error(`an item of ${item.length} bytes, not ${this.#bytes}`)
    this.#ofCall++
    this.#items++
  }

  readonly #done = (): void => {
    this.#complete(this.#ofCall, this.#perCall)
    this.#under = false
    if (this.#running) this.#next()
    else this.#stopped?.()
  }

  #next(): void {
    this.#under = true
    this.#ofCall = 0
    this.#remote.ticks!(this.#perCall, this.#bytes, this.#each, this.#done)
  }

  #complete(count: number, expected: number): void {
    if (count !== expected) throw new Error(`a wrong answer: ${count} items, not ${expected}`)
  }
}
