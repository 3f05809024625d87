// The public surface of 'braidwire/peer' in Node: a remote can be reached by its address too.

import type { DialSession } from '../peer/dialling.ts'
import type { PeerOptions } from '../peer/options.ts'
import { type Peer, peer as peerBy } from '../peer/peer.ts'
import { parseSessionOptions } from '../session/options.ts'
import { parseAddress } from './address.ts'
import { type ConnectOptions, connect } from './connect.ts'

export type { DialSession } from '../peer/dialling.ts'
export type { Lost } from '../peer/link.ts'
export type { PeerOptions } from '../peer/options.ts'
export type { Peer, PeerState } from '../peer/peer.ts'

/** Options of a peer that is reached by address: its own, and those of `connect` for each of its sessions. */
export interface PeerAddressOptions extends PeerOptions, Omit<ConnectOptions, keyof PeerOptions> {}

/**
 * Keeps a remote reachable: `tcp://host:port`, `unix:/path`, or whatever a function that dials leads to. Anything that takes an
 * opener takes a peer: `wrap(peer)`, `receiveFile(peer, ...)`.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for an address that is none or an option out of its bounds, `BRAID_CANCELLED` if the
 * signal is aborted already.
 *
 * @example
 * import { listen } from 'braidwire'
 * import { peer } from 'braidwire/peer'
 * import { expose, wrap } from 'braidwire/rpc'
 *
 * const serve = (url) => listen(url, (session) => expose(session, { add: (a, b) => a + b }))
 * const first = await serve('tcp://127.0.0.1:0')
 * const server = peer(first.url)
 * const remote = wrap(server)
 * console.log(await remote.add(1, 2)) // 3
 * await first.drain(1000) // the server restarts
 * const second = await serve(first.url)
 * console.log(await remote.add(3, 4)) // 7
 * await server.close()
 * await second.close()
 */
export function peer(target: string | DialSession, options: PeerAddressOptions = {}): Peer {
  if (typeof target !== 'string') return peerBy(target, options)
  parseAddress(target)
  parseSessionOptions(options)
  return peerBy((signal) => connect(target, { ...options, signal }), options)
}
