// yamux for libp2p, with its defaults.

import { yamux } from '@chainsafe/libp2p-yamux'
import { muxed } from './libp2p.mjs'
import { overSockets } from './service.mjs'

/** Raised: `maxInboundStreams`, `maxOutboundStreams`, 1,000 by default. */
export const { serve, client } = muxed((raised) => yamux(raised)())

export const adapter = overSockets(serve, client)
