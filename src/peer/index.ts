// The public surface of 'braidwire/peer' where there is no Node: a remote is reached by a function that dials.

import '#platform'

export type { DialSession } from './dialling.ts'
export type { Lost } from './link.ts'
export type { PeerOptions } from './options.ts'
export { type Peer, type PeerState, peer } from './peer.ts'
