// A network between two programs, for tests and benchmarks: a TCP proxy that delays, throttles, counts, cuts, falls silent and
// swallows. Knows nothing of what it carries.

import { createServer, connect as dial, type Server, type Socket } from 'node:net'

/** What one direction does with what it is given. */
export type Mood = 'carry' | 'hold' | 'swallow'

/** What the network is like; may be changed at any time and holds for what comes after. */
export interface Weather {
  /** One way, in ms. */
  delayMs: number
  /** Bytes a second, each way, of all connections together. */
  rate: number
}

/** Of a throttled link: what waits in front of it, as in the buffers of a router, before the senders must wait. */
const QUEUE_BYTES = 256 * 1024
/** A throttled link makes up for so much lost time, in ms: else a busy machine, where timers are late, would throttle it more. */
const BURST_MS = 5
/** Or more, if the link is so fast that timers come too late for that little. */
const QUEUE_MS = 10
/** A throttled link carries no larger pieces, so that it is even. */
const PIECE_BYTES = 8 * 1024

/** One direction of the link: all connections wait in one queue in front of it, in the order they came. */
class Way {
  /** Bytes handed on so far. */
  carried = 0
  readonly #weather: Weather
  /** Held back until there is room in the queue, one after the other, so that each gets its share. */
  readonly #waiting = new Set<Pipe>()
  #freeAt = 0
  #timer: NodeJS.Timeout | undefined
  #turn: NodeJS.Immediate | undefined

  constructor(weather: Weather) {
    this.#weather = weather
  }

  /** So many bytes go on their way; answers when they arrive. */
  send(bytes: number): number {
    const { delayMs, rate } = this.#weather
    const now = performance.now()
    this.#freeAt = Math.max(this.#freeAt, now - BURST_MS) + (bytes / rate) * 1000
    return Math.max(this.#freeAt, now) + delayMs
  }

  /** More waits in front of the link than may. A link without a rate is never full. */
  get isFull(): boolean {
    return this.#fullMs() > 0
  }

  /** It wants to go on when there is room again. */
  wait(pipe: Pipe): void {
    this.#waiting.add(pipe)
    if (this.#waiting.size === 1) this.#later()
  }

  leave(pipe: Pipe): void {
    this.#waiting.delete(pipe)
    if (this.#waiting.size > 0) return
    clearTimeout(this.#timer)
    clearImmediate(this.#turn)
  }

  #fullMs(): number {
    const { rate } = this.#weather
    return rate === Number.POSITIVE_INFINITY ? 0 : this.#freeAt - performance.now() - (queueBytes(rate) / rate) * 1000
  }

  #later(): void {
    const waitMs = this.#fullMs()
    // Whoever goes on has read by the next turn, and may have filled the queue.
    if (waitMs > 0) this.#timer = setTimeout(this.#next, waitMs)
    else this.#turn = setImmediate(this.#next)
  }

  readonly #next = (): void => {
    const [first] = this.#waiting
    if (first !== undefined && !this.isFull) {
      this.#waiting.delete(first)
      first.go()
    }
    if (this.#waiting.size > 0) this.#later()
  }
}

/** What may wait in front of a link. */
function queueBytes(rate: number): number {
  return Math.max(QUEUE_BYTES, (rate * QUEUE_MS) / 1000)
}

/** Bytes of one connection, on their way or not taken at the far end, beyond which no more are read. */
function queuedMax({ rate, delayMs }: Weather): number {
  return rate === Number.POSITIVE_INFINITY ? 2 ** 26 : 2 * queueBytes(rate) + (rate * delayMs) / 1000
}

/** One direction of one connection. */
class Pipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #proxy: TcpProxy
  readonly #way: Way
  readonly #queue: { readonly bytes: Uint8Array; readonly due: number }[] = []
  #queued = 0
  #timer: NodeJS.Timeout | undefined
  #ended = false
  /** Not read until the link has room again. */
  #held = false

  constructor(from: Socket, to: Socket, way: Way, proxy: TcpProxy) {
    this.#from = from
    this.#to = to
    this.#way = way
    this.#proxy = proxy
    from.on('data', (chunk: Buffer) => this.#take(chunk))
    from.on('end', () => {
      this.#ended = true
      this.flow()
    })
    from.on('error', () => {})
    from.on('close', () => {
      way.leave(this)
      // What is on its way still arrives, unless the connection was cut.
      if (this.#ended) return
      clearTimeout(this.#timer)
      to.destroy()
    })
    to.on('close', () => clearTimeout(this.#timer))
    to.on('drain', () => this.flow())
  }

  #take(chunk: Uint8Array): void {
    if (this.#proxy.mood === 'swallow') return
    const { rate } = this.#proxy.weather
    const piece = rate === Number.POSITIVE_INFINITY ? chunk.length : PIECE_BYTES
    for (let at = 0; at < chunk.length; at += piece) {
      const bytes = chunk.subarray(at, at + piece)
      this.#queue.push({ bytes, due: this.#way.send(bytes.length) })
      this.#queued += bytes.length
    }
    // Little things find room at the end of any queue.
    if (chunk.length >= PIECE_BYTES && this.#way.isFull) {
      this.#held = true
      this.#from.pause()
      this.#way.wait(this)
    }
    this.flow()
  }

  /** The link has room again. */
  go(): void {
    this.#held = false
    this.flow()
  }

  /** Hands on what is due. */
  flow(): void {
    clearTimeout(this.#timer)
    if (this.#to.destroyed) return
    const { mood, weather } = this.#proxy
    const now = performance.now()
    while (mood === 'carry' && !this.#to.writableNeedDrain) {
      const [first] = this.#queue
      if (first === undefined || first.due > now) break
      this.#queue.shift()
      this.#queued -= first.bytes.length
      this.#way.carried += first.bytes.length
      this.#to.write(first.bytes)
    }
    if (this.#queued > queuedMax(weather)) this.#from.pause()
    else if (!this.#held) this.#from.resume()
    const [next] = this.#queue
    if (next === undefined) {
      if (this.#ended && mood === 'carry') this.#to.end()
    } else if (mood === 'carry' && !this.#to.writableNeedDrain) {
      this.#timer = setTimeout(() => this.flow(), Math.max(1, next.due - now))
    }
  }
}

export class TcpProxy {
  readonly weather: Weather = { delayMs: 0, rate: Number.POSITIVE_INFINITY }
  /** Connections taken so far, and how many of them were cut. */
  accepted = 0
  cuts = 0
  readonly #sockets = new Set<Socket>()
  readonly #pipes = new Set<Pipe>()
  readonly #server: Server
  readonly #there = new Way(this.weather)
  readonly #back = new Way(this.weather)
  #mood: Mood = 'carry'
  #refusing = false

  /** A proxy to a port of this machine, listening. */
  static async to(port: number, weather: Partial<Weather> = {}): Promise<TcpProxy> {
    const proxy = new TcpProxy(port)
    Object.assign(proxy.weather, weather)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  private constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      if (this.#refusing) return near.destroy()
      this.accepted++
      const far = dial({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
      const pipes = [new Pipe(near, far, this.#there, this), new Pipe(far, near, this.#back, this)]
      for (const pipe of pipes) this.#pipes.add(pipe)
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('close', () => {
          this.#sockets.delete(socket)
          for (const pipe of pipes) this.#pipes.delete(pipe)
        })
      }
    })
  }

  /** What to dial. */
  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  get url(): string {
    return `tcp://127.0.0.1:${this.port}`
  }

  /** Bytes handed on so far, from those who dialled. */
  get up(): number {
    return this.#there.carried
  }

  /** The same to them. */
  get down(): number {
    return this.#back.carried
  }

  get mood(): Mood {
    return this.#mood
  }

  /**
   * `hold`: nothing arrives, and all of it when the network is back, as TCP does over a lost route. `swallow`: what is sent from now
   * on is gone for ever, and nobody is told: the other machine has vanished.
   */
  set mood(mood: Mood) {
    this.#mood = mood
    for (const pipe of this.#pipes) pipe.flow()
  }

  /** Ends all connections: by a reset as when a machine dies, or by an end as when somebody closes. New ones are taken. */
  cut(manner: 'reset' | 'end' = 'reset'): void {
    this.cuts++
    for (const socket of this.#sockets) {
      if (manner === 'reset') socket.resetAndDestroy()
      else socket.end()
    }
  }

  /** Closes new connections at once. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
