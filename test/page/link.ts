// A network between page and server that has a speed, and can be cut and mended: a TCP proxy. Not a test itself.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A millisecond, of one MiB a second. */
const BYTES = (1024 * 1024) / 1000

export class Link {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #up = true
  /** Towards the page, in bytes a millisecond. */
  #speed: number

  private constructor(port: number, speed: number) {
    this.#speed = speed
    this.#server = createServer((near) => {
      if (!this.#up) return near.destroy()
      this.#join(near, connect(port, '127.0.0.1'))
    })
  }

  /** In front of a port of this machine; `speed` in MiB a second. */
  static async begin(port: number, speed: number): Promise<Link> {
    const link = new Link(port, speed * BYTES)
    await new Promise<void>((resolve) => link.#server.listen(0, '127.0.0.1', resolve))
    return link
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** As fast as the machine is, from now on. */
  hurry(): void {
    this.#speed = Number.POSITIVE_INFINITY
  }

  /** So many MiB a second, from now on. */
  slow(speed: number): void {
    this.#speed = speed * BYTES
  }

  /** Cuts every connection and lets nobody through. */
  cut(): void {
    this.#up = false
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#up = true
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  #join(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    near.pipe(far)
    far.on('data', (bytes: Buffer) => {
      far.pause()
      near.write(bytes)
      setTimeout(() => far.resume(), bytes.length / this.#speed)
    })
    far.on('end', () => near.end())
  }
}
