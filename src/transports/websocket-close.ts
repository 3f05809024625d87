// What both sides of a WebSocket agree on, and how one ends: the codes of RFC 6455, section 7.4.1, as sentences. Knows no socket.

/** The name both sides say when they shake hands. Without a version: that is in the preface and the HELLO, which can say why not. */
export const SUBPROTOCOL = 'braidwire'

/** The largest message that is taken where that can be set; none that this side sends is so large. */
export const MESSAGE_BYTES_MAX = 1024 * 1024

/** Codes this side closes with. */
export const CLOSE = { normal: 1000, protocol: 1002, unsupported: 1003 } as const

const sentences: Readonly<Record<number, string>> = {
  1001: 'it is going away: its program ends, or its page is left',
  1002: 'it says that this side broke the rules of WebSockets or asked for another subprotocol',
  1003: 'it does not take binary messages: something else than Braidwire is there',
  1006: 'the connection broke, without a word of the other side',
  1007: 'it says that a message was malformed',
  1008: 'it refuses this side by a rule of its own',
  1009: 'a message was larger than it takes: its limit (maxPayload, with ws) must be at least 64 KiB',
  1010: 'it lacks an extension that the other side wanted',
  1011: 'it failed',
  1012: 'it restarts',
  1013: 'it is overloaded: try again later',
  1014: 'what stands in between got no valid answer',
  1015: 'TLS failed',
}

/** What a failing socket of `ws` says, by its code. */
const failures: Readonly<Record<string, string>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'it sent a message that is larger than this side takes',
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'it sent a message in more pieces than this side takes',
}

/** The error of a socket of `ws`, in words for whoever uses it. */
export function explained(error: Error): Error {
  const sentence = failures[(error as { code?: string }).code ?? '']
  return sentence === undefined ? error : new Error(sentence, { cause: error })
}

/** Why a WebSocket closed; undefined for a close that has nothing to say. */
export function closeError(code: number, reason: string): Error | undefined {
  // 1000: it is done. 1005: it closed without a code.
  if (code === CLOSE.normal || code === 1005) return undefined
  const said = reason === '' ? '' : `: ${JSON.stringify(reason)}`
  return new Error(`${sentences[code] ?? 'the WebSocket was closed'} (${code}${said})`)
}
