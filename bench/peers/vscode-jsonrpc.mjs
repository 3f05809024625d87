// vscode-jsonrpc as its README shows it: a message connection over a reader and a writer, here of a socket. Items come
// as progress, which is how the language server protocol sends results in parts.

import { createMessageConnection, ProgressType, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node'
import { bigText, fatal, overSockets, tickText } from './service.mjs'

const progress = new ProgressType()

export function serve(duplex) {
  const connection = connect(duplex)
  connection.onRequest('echo', (text) => text)
  connection.onRequest('big', (bytes) => bigText(bytes))
  connection.onRequest('ticks', async ({ count, bytes, token }) => {
    for (let sent = 0; sent < count; sent++) await connection.sendProgress(progress, token, tickText(bytes))
    return null
  })
  connection.listen()
}

export function client(duplex) {
  const connection = connect(duplex)
  connection.onError(([error]) => fatal(error))
  connection.listen()
  return new Remote(connection)
}

export const adapter = overSockets(serve, client)

function connect(socket) {
  return createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket))
}

class Remote {
  passes = 'text'
  #connection
  #tokens = 0

  constructor(connection) {
    this.#connection = connection
  }

  call(body, done) {
    this.#connection.sendRequest('echo', body).then(done, fatal)
  }

  big(bytes, done) {
    this.#connection.sendRequest('big', bytes).then(done, fatal)
  }

  ticks(count, bytes, each, done) {
    const token = ++this.#tokens
    const listening = this.#connection.onProgress(progress, token, each)
    const finish = () => {
      listening.dispose()
      done()
    }
    this.#connection.sendRequest('ticks', { count, bytes, token }).then(finish, fatal)
  }
}
