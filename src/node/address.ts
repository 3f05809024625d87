// Addresses as people write them, tcp://host:port, tls://host:port and unix:/path, to parts and back. Opens nothing.

import { isIPv6 } from 'node:net'
import { resolve } from 'node:path'
import { BraidError } from '../engine/errors.ts'

/** Where to dial or listen. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'tls'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** The kernel's room for the path of a Unix socket, in bytes without the closing NUL: 108 on Linux, 104 on the BSDs. */
const UNIX_PATH_BYTES_MAX = process.platform === 'linux' ? 107 : 103

const HOST_AND_PORT = /^t(?:cp|ls):\/\/(\[[^\]]*\]|[^[\]:/?#@\s]*):(\d{1,5})\/?$/

/**
 * Takes `tcp://host:port` (`tcp://[::1]:4000` for IPv6), `tls://host:port` and `unix:/path` or `unix:relative/path` apart. A
 * path is literal: nothing in it is decoded.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` naming what was given and what is expected.
 */
export function parseAddress(url: string): Address {
  if (url.startsWith('unix:')) return { kind: 'unix', path: parsePath(url) }
  if (url.startsWith('tcp:')) return { kind: 'tcp', ...parseHostAndPort(url, 'tcp') }
  if (url.startsWith('tls:')) return { kind: 'tls', ...parseHostAndPort(url, 'tls') }
  throw invalid(url, 'addresses are tcp://host:port, tls://host:port or unix:/path')
}

/** The address as a URL that another process can dial. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  return `${address.kind}://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
}

function parseHostAndPort(url: string, scheme: string): { host: string; port: number } {
  const [, name, digits] = HOST_AND_PORT.exec(url) ?? []
  if (name === undefined || digits === undefined) throw invalid(url, `it must read ${scheme}://host:port`)
  if (name === '') throw invalid(url, 'the host is missing; 127.0.0.1 is this machine alone, 0.0.0.0 every network')
  const bracketed = name.startsWith('[')
  const host = bracketed ? name.slice(1, -1) : name
  if (bracketed && !isIPv6(host)) throw invalid(url, 'brackets hold an IPv6 address')
  const port = Number(digits)
  if (port > 65_535) throw invalid(url, 'ports go from 0 to 65535')
  return { host, port }
}

/** Absolute where that fits, so that the address stays right when a program changes its folder. */
function parsePath(url: string): string {
  let path = url.slice('unix:'.length)
  if (path.startsWith('//')) {
    path = path.slice(2)
    if (!path.startsWith('/')) throw invalid(url, 'it must read unix:/path or unix:relative/path')
  }
  if (path === '') throw invalid(url, 'the path is missing')
  if (path.includes('\0')) throw invalid(url, 'the path holds a NUL')
  const absolute = resolve(path)
  for (const candidate of [absolute, path]) {
    if (Buffer.byteLength(candidate) <= UNIX_PATH_BYTES_MAX) return candidate
  }
  throw invalid(url, `the path of a Unix socket has room for ${UNIX_PATH_BYTES_MAX} bytes`)
}

function invalid(url: string, why: string): BraidError {
  // What stands before an @ is a password for some programs, and belongs in no text.
  const shown = JSON.stringify(url.replace(/\/\/.*@/s, '//...@'))
  return new BraidError('INVALID_INPUT', `cannot use the address ${shown}: ${why}`)
}
