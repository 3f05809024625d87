// A network in a process of its own: `node build/test/network/link.js <port> <one way ms> <bytes a second>` prints the address to dial
// in place of that port of this machine, and carries until its standard input ends.

import { TcpProxy } from './proxy.ts'

const [port, delayMs, rate] = process.argv.slice(2).map(Number)
if (!(port! > 0 && delayMs! >= 0 && rate! > 0)) {
  process.stderr.write('usage: node build/test/network/link.js <port> <one way ms> <bytes a second, or Infinity>\n')
  process.exit(2)
}
const link = await TcpProxy.to(port!, { delayMs: delayMs!, rate: rate! })
process.stdout.write(`${link.url}\n`)
process.stdin.resume().on('end', () => process.exit(0))
