// Origins: of which web pages a browser may open a WebSocket here. A browser lets every page dial every address and says only whose page
// it is, so that the listener has to look (RFC 6455, section 10.2). Whoever is no browser says none. Opens nothing.

import { BraidError } from '../engine/errors.ts'

/** Whether a page may connect: its origin, or undefined for who names none, and the host that was dialled. */
export type OriginRule = (origin: string | undefined, host: string | undefined) => boolean

/**
 * The rule of the option `origins`. Without it, a page may connect if it is of the very host that it dials.
 *
 * @throws BraidError `BRAID_INVALID_INPUT` for what is no origin.
 */
export function originRule(origins: readonly string[] | undefined): OriginRule {
  if (origins === undefined) return (origin, host) => origin === undefined || isOfHost(origin, host)
  if (!Array.isArray(origins)) throw invalid(origins)
  const allowed = new Set(origins.map(normal))
  return (origin) => origin === undefined || allowed.has('*') || allowed.has(canonical(origin) ?? '')
}

function normal(origin: unknown): string {
  if (origin === '*' || origin === 'null') return origin
  const found = typeof origin === 'string' ? canonical(origin) : undefined
  if (found === undefined) throw invalid(origin)
  return found
}

/** As browsers write it, whatever the case and the port; undefined for what is none. */
function canonical(origin: string): string | undefined {
  if (origin === 'null') return origin
  if (!/^[a-z][a-z\d+.-]*:\/\/[^/?#@\s]+$/i.test(origin) || !URL.canParse(origin)) return undefined
  const { origin: known } = new URL(origin)
  // Of schemes it does not know (those of extensions and apps) URL tells none.
  return known === 'null' ? origin.toLowerCase() : known
}

function isOfHost(origin: string, host: string | undefined): boolean {
  const page = /^(https?:)\/\/[^/?#@\s]+$/i.exec(origin)
  const dialled = `${page?.[1]}//${host}`
  if (page === null || host === undefined || !URL.canParse(origin) || !URL.canParse(dialled)) return false
  return new URL(origin).host === new URL(dialled).host
}

function invalid(origin: unknown): BraidError {
  const text = `option origins takes origins as browsers send them, like "https://example.org", or "*", not ${JSON.stringify(origin)}`
  return new BraidError('INVALID_INPUT', text, { scope: 'transport' })
}
