// rpc-stream as its readme shows it, piped not into a socket of its own but into a channel of multiplex, as people did who
// wanted both. Its streams are those of multiplex; it has no streaming of results.

import multiplex from 'multiplex'
import rpc from 'rpc-stream'
import { attach } from './multiplex.mjs'
import { bigText, fatal, overSockets } from './service.mjs'

const functions = {
  echo(text, callback) {
    callback(null, text)
  },

  big(bytes, callback) {
    callback(null, bigText(bytes))
  },
}

export function serve(duplex) {
  attach(
    multiplex((channel) => {
      channel.pipe(rpc(functions)).pipe(channel)
    }),
    duplex,
  )
}

export function client(duplex) {
  const plex = multiplex()
  attach(plex, duplex)
  const channel = plex.createStream('rpc')
  const calls = rpc()
  channel.pipe(calls).pipe(channel)
  return new Remote(calls.wrap(['echo', 'big']))
}

export const adapter = overSockets(serve, client)

class Remote {
  passes = 'text'
  #remote

  constructor(remote) {
    this.#remote = remote
  }

  call(body, done) {
    this.#remote.echo(body, (error, reply) => (error ? fatal(error) : done(reply)))
  }

  big(bytes, done) {
    this.#remote.big(bytes, (error, result) => (error ? fatal(error) : done(result)))
  }
}
