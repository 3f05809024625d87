// Paths of HTTP servers that somebody else owns, at which WebSockets of ours are taken. Adds one listener to such a server, however many
// paths it has, and takes it away with the last. Knows transports, no session.

import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { BraidError } from '../engine/errors.ts'
import type { Door } from '../session/listener.ts'
import type { Transport } from '../session/transport.ts'
import { formatAddress } from './address.ts'
import { originRule } from './origins.ts'
import { pathOf, refuse, takeUpgrade } from './websocket-server.ts'

type Take = (request: IncomingMessage, socket: Socket, head: Buffer) => void

/** The paths of each server. */
const mounts = new WeakMap<HttpServer, Paths>()

/**
 * Takes WebSockets at a path of an HTTP or HTTPS server until the door is closed. The server stays its owner's: it may listen already or
 * later, and is not closed.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for what is no path or no origin, `BRAID_ADDRESS` for a path that is taken.
 */
export function mount(
  server: HttpServer | HttpsServer,
  path: string,
  origins: readonly string[] | undefined,
  connected: (transport: Transport) => void,
): Door {
  if (!/^\/[^?#\s]*$/.test(path)) {
    throw new BraidError('INVALID_INPUT', `path begins with a slash and has no query, not ${JSON.stringify(path)}`)
  }
  const rule = originRule(origins)
  const paths = mounts.get(server) ?? new Paths(server)
  mounts.set(server, paths)
  paths.add(path, (request, socket, head) => takeUpgrade(request, socket, head, rule, connected))
  return {
    get url() {
      return urlOf(server, path)
    },
    close: () => paths.remove(path),
  }
}

class Paths {
  readonly #server: HttpServer
  readonly #takes = new Map<string, Take>()

  constructor(server: HttpServer) {
    this.#server = server
  }

  add(path: string, take: Take): void {
    if (this.#takes.has(path)) {
      throw new BraidError('ADDRESS', `cannot listen at ${path} of the server: it is in use`, { scope: 'transport' })
    }
    if (this.#takes.size === 0) this.#server.on('upgrade', this.#upgrade)
    this.#takes.set(path, take)
  }

  remove(path: string): void {
    this.#takes.delete(path)
    if (this.#takes.size === 0) this.#server.off('upgrade', this.#upgrade)
  }

  readonly #upgrade: Take = (request, socket, head) => {
    const take = this.#takes.get(pathOf(request))
    if (take !== undefined) take(request, socket, head)
    // Others may take what is not ours; without them nobody would ever answer.
    else if (this.#server.listenerCount('upgrade') === 1) refuse(socket, 404, 'no WebSocket is at this path')
  }
}

/** What to dial; without a host as long as the server does not listen. */
function urlOf(server: HttpServer | HttpsServer, path: string): string {
  const kind = server instanceof HttpsServer ? 'wss' : 'ws'
  const where = server.address()
  if (where === null || typeof where === 'string') return `${kind}:${path}`
  return formatAddress({ kind, host: where.address, port: where.port, path, query: '' })
}
