// mplex for libp2p, with its defaults but one: it counts every stream as one too many, and would close the connection at
// the sixth of a second.

import { mplex } from '@libp2p/mplex'
import { muxed } from './libp2p.mjs'
import { overSockets } from './service.mjs'

const init = { disconnectThreshold: Number.MAX_SAFE_INTEGER }

export const { serve, client } = muxed(() => mplex(init)())

export const adapter = overSockets(serve, client)
