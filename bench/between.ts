// The process between a pair, where a row asks for one: a network that delays and throttles, or only counts what passes.

import { TcpProxy, type Weather } from '../test/network/proxy.ts'
import type { Where } from './adapter.ts'
import { Line } from './line.ts'
import type { Wire } from './sample.ts'

let proxy: TcpProxy

new Line(process, {
  async carry({ port, weather }: { port: number; weather: Partial<Weather> }): Promise<Where> {
    proxy = await TcpProxy.to(port, weather)
    return { host: '127.0.0.1', port: proxy.port }
  },

  wire: (): Wire => ({ up: proxy.up, down: proxy.down }),

  exit(): void {
    setImmediate(() => process.exit(0))
  },
})

process.on('disconnect', () => process.exit(1))
