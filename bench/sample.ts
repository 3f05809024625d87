// What a process knows about itself at one moment, and how latencies are collected. Pure observation.

/** One process at one moment. Times in ms, sizes in bytes. */
export interface Mark {
  readonly atMs: number
  readonly cpuMs: number
  readonly heapBytes: number
  readonly rssBytes: number
  /** Streams that have come so far. */
  readonly streams: number
  /** Bytes received so far, stream by stream; of the first thousand only, because it travels between processes. */
  readonly received: readonly number[]
}

/** Bytes that have passed between two processes so far, each way. */
export interface Wire {
  readonly up: number
  readonly down: number
}

const STREAMS_TOLD = 1000

/** `collect`: run the garbage collector first, where it is exposed. */
export function mark(received: readonly number[], collect: boolean): Mark {
  // Twice: what the first one finalises, only the second one frees.
  if (collect) for (let pass = 0; pass < 2; pass++) globalThis.gc?.()
  const cpu = process.cpuUsage()
  const memory = process.memoryUsage()
  return {
    atMs: performance.now(),
    cpuMs: (cpu.user + cpu.system) / 1000,
    heapBytes: memory.heapUsed,
    rssBytes: memory.rss,
    streams: received.length,
    received: received.slice(0, STREAMS_TOLD),
  }
}

const SAMPLES_MAX = 1 << 17

/** Durations in ms, kept whole until {@link Latencies.take} sorts them. */
export class Latencies {
  #samples = new Float64Array(SAMPLES_MAX)
  #count = 0

  add(ms: number): void {
    if (this.#count < SAMPLES_MAX) this.#samples[this.#count++] = ms
  }

  clear(): void {
    this.#count = 0
  }

  /** Middle and 99th percentile; NaN without samples. */
  take(): { p50Ms: number; p99Ms: number } {
    const sorted = this.#samples.subarray(0, this.#count).sort()
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
    const result = { p50Ms: at(0.5), p99Ms: at(0.99) }
    this.#count = 0
    return result
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** How far the values lie apart, as a share of their middle. */
export function spread(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value))
  if (known.length < 2) return 0
  return (Math.max(...known) - Math.min(...known)) / median(known)
}
