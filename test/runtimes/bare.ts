// bare build/test/runtimes/bare.js
// Runs the suite in Bare, over memory and over what Bare has for TCP and pipes. The last line it prints is the report. Given an entry of
// the package, it loads that one and nothing else.

declare const Bare: { readonly argv: readonly string[]; exit(code: number): void }

const [entry] = Bare.argv.slice(2)
if (entry?.startsWith('braidwire') === true) {
  await import(entry)
} else {
  await import('bare-crypto/global')
  const { bareSubjects } = await import('./bare-transports.ts')
  const { carried } = await import('./link.ts')
  const { runSuite } = await import('./suite.ts')
  const absent = {
    TLS: 'Braidwire brings none for Bare; a socket of bare-tls can be handed over like any duplex',
    'Node duplex': 'Bare has no Node streams; the duplexes it has are its sockets',
    ...Object.fromEntries(
      ['WebSocket', 'WebSocket over TLS', 'WebSocket at an HTTP server', 'WebSocket by its events'].map((name) => [
        name,
        'ws needs the modules of Node',
      ]),
    ),
    'WebSocket of the runtime': 'Bare has no WebSocket by itself',
    'stdio of a child': 'Braidwire brings none for Bare; pipes are handed over like any duplex',
    'data channel': 'node-datachannel is an addon for Node',
    'Web streams': 'Bare has no Web streams by itself',
    'Web byte streams': 'Bare has no Web streams by itself',
    'message ports': 'Bare has no message ports by itself',
    'worker thread': 'Bare has no worker_threads',
    addresses: 'Bare dials with bare-tcp and bare-pipe, and hands the socket over',
  }
  const transports = bareSubjects.map((subject) => ({ link: carried(subject), subject }))
  console.log(JSON.stringify(await runSuite({ name: entry ?? 'Bare', transports, absent })))
}
Bare.exit(0)
