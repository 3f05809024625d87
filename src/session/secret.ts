// Secrets: where they come from, and how they are compared. The only place that asks the platform for chance nobody can guess.

import { BraidError } from '../engine/errors.ts'

interface Crypto {
  getRandomValues(into: Uint8Array): unknown
}

/** So many bytes that nobody can guess. @throws BraidError INVALID_INPUT where the platform has no such source. */
export function secretBytes(length: number): Uint8Array {
  const { crypto } = globalThis as { crypto?: Crypto }
  if (crypto === undefined) {
    throw new BraidError('INVALID_INPUT', 'sessions cannot be resumed here: the platform has no crypto.getRandomValues')
  }
  const bytes = new Uint8Array(length)
  crypto.getRandomValues(bytes)
  return bytes
}

/**
 * Whether two secrets are the same. How long that takes tells a stranger how long `one`, which is his, is, and nothing about the other:
 * what `authorize` should compare a token with.
 *
 * @example
 * import { BraidError, sameSecret } from 'braidwire'
 * import { pair } from 'braidwire/test'
 * const token = new TextEncoder().encode('correct horse battery staple')
 * const authorize = (session) => {
 *   if (!sameSecret(session.remote.auth, token)) throw new BraidError('DENIED', 'wrong token')
 *   return 'ada'
 * }
 * const [client, server] = pair({ auth: token }, { authorize })
 * await client.ping()
 * console.log(server.principal) // 'ada'
 * await client.close()
 */
export function sameSecret(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length
  for (let i = 0; i < one.length; i++) difference |= one[i] ^ (other[i] ?? 0)
  return difference === 0
}

/** Keeps a property out of what prints and copies objects: a session that somebody logs should not tell the token of its peer. */
export function hidden<T extends object>(object: T, name: keyof T): T {
  return Object.defineProperty(object, name, { enumerable: false })
}
