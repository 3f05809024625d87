// Certificates made on the fly, X.509 v3 with ECDSA P-256: the few DER structures that takes. For development and tests; it
// reads no certificate and knows no TLS.

import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { isIP, isIPv4 } from 'node:net'

/** A certificate with its private key, both PEM: fits the option `tls`. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  /** SHA-256 of the certificate in hexadecimal: what the other side pins. */
  readonly fingerprint: string
}

/** What a certificate says. */
export interface CertificateText {
  /** Its common name. */
  readonly name: string
  /** Host names and IP addresses it is for. */
  readonly hosts?: readonly string[]
  readonly from: Date
  readonly until: Date
  /** Whether others may be issued with it. */
  readonly authority?: boolean
}

const DAY_MS = 86_400_000
/** Clocks differ, and zones are set wrongly. */
const EARLIER_MS = DAY_MS
const VALID_MS = 365 * DAY_MS

/**
 * A new self-signed certificate for this machine (`localhost`, `127.0.0.1`, `::1`), good for a year: for development. Nobody
 * trusts it until told its fingerprint; the key is nowhere but in what is returned.
 *
 * @example
 * import { connect, listen } from 'braidwire'
 * import { selfSigned } from 'braidwire/node'
 * const { cert, key, fingerprint } = selfSigned()
 * const listener = await listen('tls://127.0.0.1:0', () => {}, { tls: { cert, key } })
 * const session = await connect(listener.url, { tls: { fingerprint } })
 * console.log(session.remote.confidential) // true
 * await session.close()
 * await listener.close()
 */
export function selfSigned(): Certificate {
  const now = Date.now()
  return issue({
    name: 'braidwire development',
    hosts: ['localhost', '127.0.0.1', '::1'],
    from: new Date(now - EARLIER_MS),
    until: new Date(now + VALID_MS),
  })
}

/** Makes a key and a certificate for it, signed by `issuer`, or by itself. */
export function issue(text: CertificateText, issuer?: Certificate): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const parent = issuer === undefined ? undefined : new X509Certificate(issuer.cert)
  const body = certificateBody(text, /^CN=(.*)$/m.exec(parent?.subject ?? '')?.[1] ?? text.name, publicKey)
  const signature = sign('sha256', body, issuer?.key ?? privateKey)
  const raw = der(SEQUENCE, body, ecdsaWithSha256, der(BIT_STRING, ZERO, signature))
  const lines = raw.toString('base64').match(/.{1,64}/g) ?? []
  const cert = ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
  return { cert, key, fingerprint: fingerprintOf(new X509Certificate(cert)) }
}

/** SHA-256 of a certificate, in lower case and without colons. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase()
}

// -- DER: a tag, a length, a value

const BOOLEAN = 0x01
const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const OBJECT_IDENTIFIER = 0x06
const UTF8_STRING = 0x0c
const SEQUENCE = 0x30
const SET = 0x31
const GENERALIZED_TIME = 0x18
const UTC_TIME = 0x17
/** `[n]`, holding other values. */
const CONTEXT = 0xa0
/** `[n]`, in place of the tag of a single value. */
const CONTEXT_PLAIN = 0x80

const ZERO = Buffer.of(0)
const TRUE = Buffer.of(0xff)

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(parts)
  const { length } = value
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), value])
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), value])
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), value])
}

/** An object identifier by its encoded bytes. */
function oid(...bytes: number[]): Buffer {
  return der(OBJECT_IDENTIFIER, Buffer.from(bytes))
}

/** 1.2.840.10045.4.3.2 */
const ecdsaWithSha256 = der(SEQUENCE, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
/** 2.5.4.3, 2.5.29.17 and 2.5.29.19 */
const commonName = oid(0x55, 0x04, 0x03)
const subjectAltName = oid(0x55, 0x1d, 0x11)
const basicConstraints = oid(0x55, 0x1d, 0x13)

/** The part that is signed: TBSCertificate of RFC 5280, section 4.1. */
function certificateBody(text: CertificateText, issuerName: string, publicKey: KeyObject): Buffer {
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40 // positive, and no leading zeros
  const { authority = false, hosts = [] } = text
  const constraints = der(SEQUENCE, ...(authority ? [der(BOOLEAN, TRUE)] : []))
  const extensions = [der(SEQUENCE, basicConstraints, der(BOOLEAN, TRUE), der(OCTET_STRING, constraints))]
  if (hosts.length > 0) {
    extensions.push(der(SEQUENCE, subjectAltName, der(OCTET_STRING, der(SEQUENCE, ...hosts.map(hostName)))))
  }
  return der(
    SEQUENCE,
    der(CONTEXT, der(INTEGER, Buffer.of(2))), // version 3
    der(INTEGER, serial),
    ecdsaWithSha256,
    distinguishedName(issuerName),
    der(SEQUENCE, time(text.from), time(text.until)),
    distinguishedName(text.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(CONTEXT + 3, der(SEQUENCE, ...extensions)),
  )
}

function distinguishedName(name: string): Buffer {
  return der(SEQUENCE, der(SET, der(SEQUENCE, commonName, der(UTF8_STRING, Buffer.from(name)))))
}

/** Two digits of the year up to 2049, as RFC 5280 wants it, four from then on. */
function time(date: Date): Buffer {
  const digits = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  if (date.getUTCFullYear() < 2050) return der(UTC_TIME, Buffer.from(digits.slice(2)))
  return der(GENERALIZED_TIME, Buffer.from(digits))
}

function hostName(host: string): Buffer {
  if (isIP(host) === 0) return der(CONTEXT_PLAIN + 2, Buffer.from(host))
  return der(CONTEXT_PLAIN + 7, isIPv4(host) ? Buffer.from(host.split('.').map(Number)) : ipv6Bytes(host))
}

/** The sixteen bytes of an IPv6 address without an IPv4 part. */
function ipv6Bytes(host: string): Buffer {
  const [before = '', after = ''] = host.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [front, back] = [groups(before), groups(after)]
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0')
  return Buffer.from([...front, ...zeros, ...back].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
