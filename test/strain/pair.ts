// Two sessions over real TCP, with a network between them if one is wanted: what most faults begin with.

import { type ConnectOptions, connect, type Listener, type ListenOptions, listen, type Session } from 'braidwire'
import { TcpProxy, type Weather } from '../network/proxy.ts'

export interface Pair {
  readonly listener: Listener
  readonly network: TcpProxy | undefined
  readonly client: Session
  readonly server: Session
  close(): Promise<void>
}

export interface PairOptions {
  readonly listen?: ListenOptions
  readonly connect?: ConnectOptions
  /** Puts a network between them. */
  readonly weather?: Partial<Weather>
}

/** `serve` runs before anything the client sent is looked at. */
export async function pairOver(serve: (session: Session) => unknown, options: PairOptions = {}): Promise<Pair> {
  let arrived = (_session: Session): void => {}
  const accepted = new Promise<Session>((resolve) => {
    arrived = resolve
  })
  const take = (session: Session) => {
    serve(session)
    arrived(session)
  }
  const listener = await listen('tcp://127.0.0.1:0', take, options.listen)
  const port = Number(new URL(listener.url).port)
  const network = options.weather === undefined ? undefined : await TcpProxy.to(port, options.weather)
  const client = await connect(network?.url ?? listener.url, options.connect)
  const server = await accepted
  const close = async () => {
    await client.close()
    await listener.close()
    await network?.close()
  }
  return { listener, network, client, server, close }
}
