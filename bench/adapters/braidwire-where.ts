// Addresses of the benchmark as Braidwire's own, and back.

import type { Where } from '../adapter.ts'

/** What goes over TCP. */
export type Scheme = 'tcp' | 'tls' | 'ws'

/** For `listen` and `connect`. */
export function urlOf(where: Where, scheme: Scheme = 'tcp'): string {
  return 'path' in where ? `unix:${where.path}` : `${scheme}://${where.host}:${where.port}`
}

/** Of a listener's `url`, with the port it really has. */
export function whereOf(url: string): Where {
  if (url.startsWith('unix:')) return { path: url.slice('unix:'.length) }
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}
