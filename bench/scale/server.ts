// The listening process of the measurements against scale: takes whatever comes and tells what that cost it.

import { listen, type Receiver, type Session, type SessionOptions } from 'braidwire'
import { pair } from 'braidwire/test'
import { mark } from '../sample.ts'
import { answering } from './child.ts'
import { ownCallCost, warmCalls } from './rig.ts'

/** One for all streams: what a stream costs is to be the library's, not this program's. */
const ignore: Receiver = { data() {}, end() {}, failed() {} }
let idle = 0
let joined: Session | undefined

answering({
  async listen(options: SessionOptions): Promise<string> {
    const listener = await listen(
      'tcp://127.0.0.1:0',
      (session) => {
        session.handle('idle', (stream) => {
          idle++
          stream.receive(ignore)
        })
        // Ends when the other side has: whoever opened it then knows that all of it has arrived.
        session.handle('sink', (stream) => stream.receive({ ...ignore, end: () => stream.end() }))
        session.handleCall('echo', (bytes) => bytes)
      },
      options,
    )
    return listener.url
  },

  async memoryCallCost(): Promise<number> {
    if (joined === undefined) {
      const [near, far] = pair()
      far.handleCall('echo', (bytes) => bytes)
      joined = near
      await warmCalls(near)
    }
    return ownCallCost(joined)
  },

  idle: () => idle,
  cpuMs: () => mark([], false).cpuMs,
  weigh: () => mark([], true),
})
