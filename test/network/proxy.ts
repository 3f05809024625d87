// A network between two programs, for tests and benchmarks: a TCP proxy that delays, throttles, counts, cuts, falls silent and
// swallows. Knows nothing of what it carries.

import { createServer, connect as dial, type Server, type Socket } from 'node:net'

/** What one direction does with what it is given. */
export type Mood = 'carry' | 'hold' | 'swallow'

/** What the network is like; may be changed at any time and holds for what comes after. */
export interface Weather {
  /** One way, in ms. */
  delayMs: number
  /** Bytes a second, each way. */
  rate: number
}

/** Of a throttled link: what waits in front of it, as in the buffers of a router, before the sender must wait. */
const QUEUE_BYTES = 256 * 1024
/** A throttled link makes up for so much lost time, in ms: else a busy machine, where timers are late, would throttle it more. */
const BURST_MS = 5
/** A throttled link carries no larger pieces, so that it is even. */
const PIECE_BYTES = 8 * 1024

/** One direction of one connection. */
class Pipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #proxy: TcpProxy
  readonly #way: 'up' | 'down'
  readonly #queue: { readonly bytes: Uint8Array; readonly due: number }[] = []
  #queued = 0
  #freeAt = 0
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(from: Socket, to: Socket, proxy: TcpProxy, way: 'up' | 'down') {
    this.#from = from
    this.#to = to
    this.#proxy = proxy
    this.#way = way
    from.on('data', (chunk: Buffer) => this.#take(chunk))
    from.on('end', () => {
      this.#ended = true
      this.flow()
    })
    from.on('error', () => {})
    from.on('close', () => {
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
    const { delayMs, rate } = this.#proxy.weather
    const piece = rate === Number.POSITIVE_INFINITY ? chunk.length : PIECE_BYTES
    for (let at = 0; at < chunk.length; at += piece) {
      const bytes = chunk.subarray(at, at + piece)
      const now = performance.now()
      this.#freeAt = Math.max(this.#freeAt, now - BURST_MS) + (bytes.length / rate) * 1000
      this.#queue.push({ bytes, due: Math.max(this.#freeAt, now) + delayMs })
      this.#queued += bytes.length
    }
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
      this.#proxy[this.#way] += first.bytes.length
      this.#to.write(first.bytes)
    }
    const onItsWay = weather.rate === Number.POSITIVE_INFINITY ? 2 ** 26 : (weather.rate * weather.delayMs) / 1000
    if (this.#queued > QUEUE_BYTES + onItsWay) this.#from.pause()
    else this.#from.resume()
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
  /** Bytes handed on so far: from those who dialled, and to them. */
  up = 0
  down = 0
  readonly #sockets = new Set<Socket>()
  readonly #pipes = new Set<Pipe>()
  readonly #server: Server
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
      const pipes = [new Pipe(near, far, this, 'up'), new Pipe(far, near, this, 'down')]
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
