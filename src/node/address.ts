// Addresses as people write them, tcp://host:port, tls://host:port, ws://host:port/path, wss:// and unix:/path, to parts and back.
// Opens nothing.

import { isIPv6 } from 'node:net'
import { resolve } from 'node:path'
import { BraidError } from '../engine/errors.ts'

/** Where to dial or listen. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'tls'; readonly host: string; readonly port: number }
  | WebAddress
  | { readonly kind: 'unix'; readonly path: string }

/** Of a WebSocket. The query is for dialling alone, and in no text: there may be a secret in it. */
export interface WebAddress {
  readonly kind: 'ws' | 'wss'
  readonly host: string
  readonly port: number
  /** Begins with a slash. */
  readonly path: string
  /** With its question mark, or empty. */
  readonly query: string
}

/** Whether it is that of a WebSocket. */
export function isWeb(address: Address): address is WebAddress {
  return address.kind === 'ws' || address.kind === 'wss'
}

/** The kernel's room for the path of a Unix socket, in bytes without the closing NUL: 108 on Linux, 104 on the BSDs. */
const UNIX_PATH_BYTES_MAX = process.platform === 'linux' ? 107 : 103

/** What browsers take where no port is given. */
const WEB_PORTS = { ws: 80, wss: 443 } as const

const WEB_PARTS = /^wss?:\/\/((?:\[[^\]]*\]|[^[\]:/?#@\s]*)(?::\d{1,5})?)(\/[^?#\s]*)?(\?[^#\s]*)?$/

const HOST_AND_PORT = /^t(?:cp|ls):\/\/(\[[^\]]*\]|[^[\]:/?#@\s]*):(\d{1,5})\/?$/

/**
 * Takes `tcp://host:port` (`tcp://[::1]:4000` for IPv6), `tls://host:port`, `ws://host:port/path`, `wss://host:port/path` (whose
 * port may be missing) and `unix:/path` or `unix:relative/path` apart. A path is literal: nothing in it is decoded.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` naming what was given and what is expected.
 */
export function parseAddress(url: string): Address {
  if (url.startsWith('unix:')) return { kind: 'unix', path: parsePath(url) }
  if (url.startsWith('tcp:')) return { kind: 'tcp', ...parseHostAndPort(url, 'tcp') }
  if (url.startsWith('tls:')) return { kind: 'tls', ...parseHostAndPort(url, 'tls') }
  if (/^wss?:/.test(url)) return parseWeb(url, url.startsWith('wss:') ? 'wss' : 'ws')
  throw invalid(
    url,
    'addresses are tcp://host:port, tls://host:port, ws:// or wss://host:port/path, unix:/path, or stdio:',
  )
}

/** The address as a URL that another process can dial. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  const path = 'path' in address && address.path !== '/' ? address.path : ''
  return `${address.kind}://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}${path}`
}

function parseWeb(url: string, kind: 'ws' | 'wss'): WebAddress {
  const [, authority, path = '/', query = ''] = WEB_PARTS.exec(url) ?? []
  if (authority === undefined) throw invalid(url, `it must read ${kind}://host:port/path`)
  const hasPort = /:\d+$/.test(authority)
  const { host, port } = parseHostAndPort(`tcp://${authority}${hasPort ? '' : `:${WEB_PORTS[kind]}`}`, kind, url)
  return { kind, host, port, path, query }
}

function parseHostAndPort(text: string, scheme: string, url = text): { host: string; port: number } {
  const [, name, digits] = HOST_AND_PORT.exec(text) ?? []
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
  const shown = JSON.stringify(url.replace(/\/\/.*@/s, '//...@').replace(/^(wss?:[^?]*\?).+/s, '$1...'))
  return new BraidError('INVALID_INPUT', `cannot use the address ${shown}: ${why}`)
}
