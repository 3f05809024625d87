// `braid serve --web`: the page for browsers, on the port of its WebSocket. Serves the few files it is made of, from memory and by their
// exact names, so that no path of a request ever reaches the disk. Knows nothing of the folder: the page asks for that over its session.

import { readFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { ListenOptions, Session } from 'braidwire'
import { wrong } from './arguments.ts'
import { ChatRoom } from './chat-room.ts'
import { quoted, Refusal } from './say.ts'
import { reachable } from './security.ts'

/** What the page is made of, as scripts/page.mjs leaves it beside the command. */
const parts = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { path: '/style.css', file: 'style.css', type: 'text/css; charset=utf-8' },
  { path: '/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
]

/** Nothing inline, nothing from elsewhere, no string that becomes code; blob: for previews of images, which the page makes itself. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const always = {
  // The connection has done its work, and should not be held for another request while it counts as a handshake.
  Connection: 'close',
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
}

interface Part {
  readonly type: string
  readonly plain: Buffer
  readonly packed: Buffer
}

/** What `--web` adds to a server. */
export interface Web {
  readonly options: Pick<ListenOptions, 'requests' | 'resume'>
  /** A session began. */
  joined(session: Session): void
  /** Where the page is, as lines to print. */
  hint(urls: readonly string[]): string
}

/**
 * Reads the page.
 *
 * @param plain its sessions may be resumed also where others can read them.
 * @throws Refusal when no address can have a page, or the page was not built.
 */
export async function openWeb(urls: readonly string[], { plain }: { plain: boolean }): Promise<Web> {
  const webs = urls.filter((url) => /^wss?:/.test(url))
  if (webs.length === 0) throw wrong('--web needs an address that begins with ws:// or wss://')
  for (const url of webs) {
    if (/^wss?:\/\/[^/?#]*\/[^?#]/.test(url))
      throw wrong(`--web has the page and its WebSocket at /: leave the path out of ${quoted(url)}`)
  }
  const found = new Map<string, Part>()
  for (const { path, file, type } of parts) found.set(path, { type, ...(await read(file)) })
  const room = new ChatRoom()
  return {
    options: { requests: answering(found), resume: { plain } },
    joined: (session) => room.offer(session),
    hint: (bound) =>
      bound
        .filter((url) => /^wss?:/.test(url))
        .map((url) => `page http${reachable(url).slice('ws'.length)}/\n`)
        .join(''),
  }
}

async function read(file: string): Promise<Pick<Part, 'plain' | 'packed'>> {
  const plain = await readFile(new URL(`../web/${file}`, import.meta.url)).catch(() => {
    throw new Refusal('the page was not built: run "npm run build" in the folder of Braidwire')
  })
  return { plain, packed: gzipSync(plain) }
}

function answering(found: ReadonlyMap<string, Part>): RequestListener {
  return (request, response) => {
    const part = found.get((request.url ?? '').replace(/\?.*$/s, ''))
    if (part === undefined) return say(response, 404, 'there is no such page: there is one, at /')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      return say(response, 405, 'the page takes GET and HEAD')
    }
    send(request, response, part)
  }
}

function send(request: IncomingMessage, response: ServerResponse, { type, plain, packed }: Part): void {
  const gzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const body = gzip ? packed : plain
  const encoding = gzip ? { 'Content-Encoding': 'gzip' } : {}
  const headers = { 'Content-Type': type, 'Content-Length': body.length, Vary: 'Accept-Encoding' }
  response.writeHead(200, { ...always, ...headers, ...encoding })
  // Node leaves the body of an answer to HEAD out.
  response.end(body)
}

function say(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { ...always, 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${sentence}\n`)
}
