// What the command's options say about security: certificates, the token, and which addresses are open to others. Reads files,
// dials nobody. A token comes from a file or the environment, never from the command line, where every user could see it.

import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { BraidError, type ConnectOptions, type ListenOptions, type Session, sameSecret } from 'braidwire'
import { selfSigned } from 'braidwire/node'
import type { ArgsDef } from 'citty'
import { type Arguments, wrong } from './arguments.ts'
import { clause, quoted, Refusal } from './say.ts'

// What fits a HELLO.
const tokenBytesMax = 4096
// Nothing limits how often other machines may guess.
const publicTokenBytesMin = 16
const tlsFlags = ['dev', 'cert', 'key', 'ca', 'fingerprint']
const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i
const hostAndPort = /^(?:tcp|tls|wss?):\/\/(\[[^\]]+\]|[^[\]:/?#@\s]+)(?::\d{1,5})?(?:[/?]\S*)?$/
const overTls = /^(tls|wss):/

const tokenFile: ArgsDef[string] = {
  type: 'string',
  valueHint: 'file',
  description: 'File with the token of the server (Default: the variable BRAID_TOKEN)',
}

/** Options of every command that dials. */
export const dialArgs: ArgsDef = {
  'token-file': tokenFile,
  fingerprint: {
    type: 'string',
    valueHint: 'sha256',
    description: 'The only certificate to take, for tls:// and wss://',
  },
  ca: {
    type: 'string',
    valueHint: 'file',
    description: 'Authorities to trust, for tls:// and wss:// (Default: the usual ones)',
  },
  cert: { type: 'string', valueHint: 'file', description: 'Certificate of this side, if the server wants one' },
  key: { type: 'string', valueHint: 'file', description: 'Its private key' },
  insecure: { type: 'boolean', description: 'Send the token even where others can read it' },
}

/** Options of the command that listens. */
export const listenArgs: ArgsDef = {
  'token-file': { ...tokenFile, description: 'File with a token to ask for (Default: the variable BRAID_TOKEN)' },
  dev: {
    type: 'boolean',
    description: 'A new self-signed certificate for tls:// and wss://, and what to type elsewhere',
  },
  cert: { type: 'string', valueHint: 'file', description: 'Certificate for tls:// and wss://' },
  key: { type: 'string', valueHint: 'file', description: 'Its private key' },
  ca: { type: 'string', valueHint: 'file', description: 'Take only clients with a certificate of these authorities' },
  insecure: { type: 'boolean', description: 'Let other machines in without TLS or without a token' },
}

/**
 * How to dial `url`.
 *
 * @throws Refusal when a file cannot be read, options do not go together, or the token would be sent where others can read it.
 */
export async function dialSecurity(url: string, args: Arguments): Promise<ConnectOptions> {
  const { flags, values } = args
  const token = await readToken(values)
  if (token !== undefined && isPublic(url) && !overTls.test(url) && !flags.has('insecure')) {
    throw wrong(
      `anybody between here and ${quoted(url)} could read the token: dial tls:// or wss://, or add --insecure`,
    )
  }
  const fingerprint = values.get('fingerprint')?.at(-1)
  const files = await readFiles(values)
  checkTlsFlags([url], args)
  const tls = fingerprint === undefined ? files : { ...files, fingerprint }
  return { ...(token === undefined ? {} : { auth: token }), ...(tls === undefined ? {} : { tls }) }
}

/** What a server asks of those who connect. */
export interface ListenSecurity {
  readonly urls: readonly string[]
  readonly options: ListenOptions
  /** What people elsewhere need to know, as lines to print. */
  hint(urls: readonly string[]): string
}

/**
 * How to listen.
 *
 * @throws Refusal when a file cannot be read, options do not go together, or other machines could come in unasked.
 */
export async function listenSecurity(args: Arguments): Promise<ListenSecurity> {
  const { flags, values } = args
  const token = await readToken(values)
  const files = await readFiles(values)
  const dev = flags.has('dev')
  if (dev && (values.has('cert') || values.has('key')))
    throw wrong('--dev makes a certificate: leave out --cert and --key')
  const { fingerprint, ...made } = dev ? selfSigned() : { fingerprint: undefined }
  const tls = dev ? { ...files, ...made } : files
  const [open, secure] = flags.has('web') ? ['ws', 'wss'] : ['tcp', 'tls']
  const urls = values.get('listen') ?? [`${tls === undefined ? open : secure}://127.0.0.1:0`]
  if (!flags.has('insecure')) for (const url of urls) refuseOpen(url, token, values.has('ca'))
  if (tls?.cert === undefined && urls.some((url) => overTls.test(url))) {
    throw wrong('tls:// and wss:// need a certificate: --cert and --key, or --dev')
  }
  checkTlsFlags(urls, args)
  const options: ListenOptions = {
    ...(tls === undefined ? {} : { tls }),
    ...(token === undefined ? {} : { authorize: knows(token) }),
  }
  return {
    urls,
    options,
    hint: (bound) => (fingerprint === undefined ? '' : hintOf(bound, fingerprint, values, token !== undefined)),
  }
}

/** Before the library does, which knows no flags and would name its own options. */
function checkTlsFlags(urls: readonly string[], { flags, values }: Arguments): void {
  if (values.has('cert') !== values.has('key')) throw wrong('--cert and --key go together: give both')
  if (values.has('fingerprint') && values.has('ca'))
    throw wrong('--fingerprint trusts one certificate and --ca many: give only one of them')
  const given = tlsFlags.filter((name) => flags.has(name) || values.has(name)).map((name) => `--${name}`)
  if (given.length > 0 && !urls.some((url) => overTls.test(url)))
    throw wrong(`only addresses that begin with tls:// or wss:// take ${given.join(' and ')}`)
}

/** Lets in whoever shows the token. */
function knows(token: Uint8Array): (session: Session) => void {
  return ({ remote }) => {
    if (!sameSecret(remote.auth, token)) throw new BraidError('DENIED', 'wrong token')
  }
}

function refuseOpen(url: string, token: Uint8Array | undefined, asksCertificate: boolean): void {
  if (!isPublic(url)) return
  const missing = [...(overTls.test(url) ? [] : ['TLS (listen on tls:// or wss:// with --cert and --key, or --dev)'])]
  if (token === undefined && !asksCertificate) missing.push('a token (--token-file or BRAID_TOKEN)')
  if (missing.length > 0) {
    throw wrong(
      `other machines could reach ${quoted(url)}, which needs ${missing.join(' and ')}; or add --insecure to let anyone in`,
    )
  }
  if (token !== undefined && token.length < publicTokenBytesMin) {
    throw wrong(
      `other machines could reach ${quoted(url)} and guess the token, which has fewer than ${publicTokenBytesMin} bytes: ` +
        'make one with "openssl rand -hex 32 > token" and give it with --token-file token',
    )
  }
}

/** Whether other machines can reach an address, or are reached by it. One that is none is refused elsewhere, with better words. */
function isPublic(url: string): boolean {
  const host = hostAndPort.exec(url)?.[1]
  return host !== undefined && !loopbackHost.test(host)
}

/**
 * The command for the other side, as a shell takes it. A token of the environment is not told: the other side must have it there too.
 */
function hintOf(urls: readonly string[], fingerprint: string, values: Arguments['values'], asksToken: boolean): string {
  const url = urls.find((each) => overTls.test(each)) ?? ''
  const dialled = reachable(url)
  const file = values.get('token-file')?.at(-1)
  const environment = asksToken && file === undefined ? ', with BRAID_TOKEN=... in the environment' : ''
  const asked = file === undefined ? '' : ` --token-file=${shellWord(file)}`
  const command = `braid ls ${shellWord(dialled)} --fingerprint ${fingerprint}${asked}`
  return `fingerprint ${fingerprint}\nto list${environment}: ${command}\n`
}

/** What to dial: nobody can dial a wildcard, so this machine's name stands for it. */
export function reachable(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\]):/, `//${hostname()}:`)
}

/** One word for a shell, whatever is in it. */
function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

async function readToken(values: Arguments['values']): Promise<Uint8Array | undefined> {
  const file = values.get('token-file')?.at(-1)
  const text = file === undefined ? process.env.BRAID_TOKEN : (await read('--token-file', file)).toString()
  if (text === undefined) return undefined
  const where = file === undefined ? 'the variable BRAID_TOKEN' : `--token-file ${quoted(file)}`
  const token = Buffer.from(text.trim())
  if (token.length === 0) throw new Refusal(`${where} is empty, which is no token`)
  if (token.length > tokenBytesMax)
    throw new Refusal(`${where} holds more than ${tokenBytesMax} bytes, which is no token`)
  return token
}

type Pem = { cert?: Buffer; key?: Buffer; ca?: Buffer }

async function readFiles(values: Arguments['values']): Promise<Pem | undefined> {
  const pem: Pem = {}
  for (const name of ['cert', 'key', 'ca'] as const) {
    const file = values.get(name)?.at(-1)
    if (file !== undefined) pem[name] = await read(`--${name}`, file)
  }
  return Object.keys(pem).length === 0 ? undefined : pem
}

async function read(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Refusal(
      `cannot read ${option} ${quoted(file)}: ${code === 'ENOENT' ? 'there is no such file' : clause(error)}`,
    )
  }
}
