// What TLS refuses, in sentences that say what to do: the codes of OpenSSL and of Node to the one error BRAID_TLS. Opens nothing.

import { BraidError } from '../engine/errors.ts'

/** Matched by the end of the code: what stands before it differs between versions of OpenSSL. */
const sentences: readonly (readonly [RegExp, string])[] = [
  [
    /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    'its certificate is self-signed: if it is the right one, pin it (option fingerprint) or trust it (option ca)',
  ],
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT.*)$/,
    'its certificate comes from an authority that is not trusted here: give the right one (option ca)',
  ],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired: it needs a new one, or the clock here is wrong'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet: the clock here or there is wrong'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'its certificate is for another host: dial a name it is for, or say which one is meant (option servername)',
  ],
  [
    /_NO_APPLICATION_PROTOCOL$/,
    'it speaks TLS, but not Braidwire (it does not know the protocol braidwire/1): check the port',
  ],
  [
    /_ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)$/,
    'it takes only clients with a certificate: give one it trusts (options cert and key)',
  ],
  [
    /_ALERT_((BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)$/,
    'it does not accept the certificate of this side: give one it trusts (options cert and key)',
  ],
  [
    /_(ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL)$/,
    'the two sides have no version of TLS in common: 1.2 or 1.3 is needed',
  ],
  [
    /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|RECORD_TOO_SMALL)$/,
    'nobody speaks TLS there: check the port, or dial it with tcp:// or ws://',
  ],
]

/** Also what a server does that is just being started anew: worth another try, where the others are not. */
const HUNG_UP = /^(ECONNRESET|EPIPE)$/
const hungUp =
  'it hung up in the TLS handshake: perhaps nobody speaks TLS there (tcp:// would do), or it refused this side'

/** Answered nothing of ours: another kind of server, or one that does not know the name of the protocol. */
export const NOT_BRAIDWIRE = sentences.find(([code]) => code.test('_NO_APPLICATION_PROTOCOL'))![1]

/** TLS with the address failed: `cause` is what Node says, or a sentence. BRAID_UNREACHABLE when it only hung up. */
export function tlsError(url: string, cause: Error | string): BraidError {
  if (typeof cause !== 'string' && HUNG_UP.test(codeOf(cause))) {
    const text = `cannot reach ${url}: ${hungUp} (${codeOf(cause)})`
    return new BraidError('UNREACHABLE', text, { scope: 'transport', cause })
  }
  const sentence = typeof cause === 'string' ? cause : sentenceFor(cause)
  return new BraidError('TLS', `no secure connection to ${url}: ${sentence}`, {
    scope: 'transport',
    cause: typeof cause === 'string' ? undefined : cause,
  })
}

/** Whether the other side ended TLS with an alert, which may come after our own part of the handshake is done. */
export function isAlert(error: Error | undefined): error is Error {
  return /^ERR_SSL_.*_ALERT_/.test(codeOf(error))
}

function sentenceFor(cause: Error): string {
  const code = codeOf(cause)
  const sentence = sentences.find(([pattern]) => pattern.test(code))?.[1]
  if (sentence !== undefined) return `${sentence} (${code})`
  return code === '' ? cause.message : `TLS failed with ${code}`
}

function codeOf(error: Error | undefined): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : ''
}
