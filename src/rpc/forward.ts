// forward: a service of one session mounted into an API that another exposes. A gateway in one line.
// Knows calls from both sides; knows no API.

import { BraidError } from '../engine/errors.ts'
import type { Opener } from '../session/opener.ts'
import { invoke } from './call/invoke.ts'
import { RpcError } from './failure.ts'
import { MANIFEST_METHOD } from './service/manifest.ts'
import { canBeMethod } from './service/names.ts'
import { mount, type Offer } from './service/offer.ts'
import { targetOf, type WrapOptions } from './target.ts'

/**
 * Stands in an API for everything the other side of `opener` exposes: calls below this place go there, by the name below it, with
 * their metadata, with what is left of their deadline, and cancelled when they are. Streams, items, functions and signals in
 * arguments and results go through.
 *
 * @example
 * import { pair } from 'braidwire/test'
 * import { expose, forward, wrap } from 'braidwire/rpc'
 *
 * const [store, gateway] = pair()
 * expose(store, { read: (name) => `contents of ${name}` })
 * const [front, client] = pair()
 * expose(front, { hello: () => 'hello', store: forward(gateway) })
 * console.log(await wrap(client).store.read('a.txt')) // 'contents of a.txt'
 * await client.close()
 * await store.close()
 */
export function forward<Api extends object = Record<string, never>>(
  opener: Opener,
  options: WrapOptions = {},
): Offer<Api> {
  const target = targetOf(opener, options)
  return mount<Api>({
    invoke(method, values, ctx) {
      // Braidwire's own names would reach what the other side does not expose.
      if (canBeMethod(method) || method === MANIFEST_METHOD)
        return invoke(target, method, values, ctx.metadata, { signal: ctx.signal, timeout: ctx.remaining() }).catch(
          refuse,
        )
      throw new BraidError('UNIMPLEMENTED', `no method "${ctx.method}" is exposed`, { scope: 'call' })
    },
  })
}

/** A session that is over is this side's matter; its callers need to know that nothing was executed. */
function refuse(error: unknown): never {
  if (error instanceof BraidError && error.executed === 'no' && error.initiator === 'local' && error.scope !== 'call') {
    throw new RpcError('REFUSED', 'the service behind this one cannot be reached', { cause: error })
  }
  throw error
}
