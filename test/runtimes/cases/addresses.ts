// What connect and listen say of addresses that cannot be used, in runtimes that have sockets: the same sentences everywhere, though
// the codes of the systems below differ.

import { connect, listen } from 'braidwire'
import { type Certificate, selfSigned } from 'braidwire/node'
import { check, fails } from '../check.ts'
import type { Case } from '../suite.ts'

const nobody = 'no-such-host.invalid'

async function says(promise: Promise<unknown>, code: string, sentence: RegExp): Promise<void> {
  const { message } = await fails(promise, code)
  check(sentence.test(message), `it says "${message}"`)
}

const listening = (address: string) => listen(address, () => {})

/** Dials a TLS listener with this certificate. */
async function dialled({ cert, key }: Certificate, tls: object, host = '127.0.0.1'): Promise<void> {
  const listener = await listen('tls://127.0.0.1:0', () => {}, { tls: { cert, key } })
  try {
    await (await connect(listener.url.replace('127.0.0.1', host), { tls })).close()
  } finally {
    await listener.close()
  }
}

/** `folder`: an empty one. */
export const addressCases = (folder: string): readonly Case[] => [
  {
    name: 'a host that is unknown',
    async run() {
      await says(connect(`tcp://${nobody}:1`), 'UNREACHABLE', /the host is unknown|could not be looked up/)
      await says(listening(`tcp://${nobody}:0`), 'ADDRESS', /the host is unknown|could not be looked up/)
    },
  },
  {
    name: 'nobody listens',
    async run() {
      const listener = await listening('tcp://127.0.0.1:0')
      await listener.close()
      await says(connect(listener.url), 'UNREACHABLE', /nobody listens there/)
      await says(connect(`unix:${folder}/none`), 'UNREACHABLE', /there is no such socket/)
    },
  },
  {
    name: 'an address that is not of this machine',
    // 192.0.2.0/24 is for documentation (RFC 5737).
    run: () => says(listening('tcp://192.0.2.1:0'), 'ADDRESS', /that address is not one of this machine/),
  },
  {
    name: 'an address that is taken',
    async run() {
      for (const address of ['tcp://127.0.0.1:0', `unix:${folder}/taken`]) {
        const listener = await listening(address)
        await says(listening(listener.url), 'ADDRESS', /it is in use/)
        await listener.close()
      }
    },
  },
  {
    name: 'a folder that is missing',
    run: () => says(listening(`unix:${folder}/none/socket`), 'ADDRESS', /the folder does not exist/),
  },
  {
    name: 'a certificate that nobody knows, one for another host, and one that is pinned',
    async run() {
      const own = selfSigned()
      await says(dialled(own, {}), 'TLS', /its certificate is self-signed/)
      await says(
        dialled(own, { ca: own.cert, servername: 'example.org' }),
        'TLS',
        /its certificate is for another host/,
      )
      await says(dialled(own, { fingerprint: '0'.repeat(64) }), 'TLS', /not the one that is pinned/)
      await dialled(own, { fingerprint: own.fingerprint })
      await dialled(own, { ca: own.cert })
    },
  },
]
