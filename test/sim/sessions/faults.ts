// Sessions that are broken on purpose, to see that the ledger notices. Only its tests use them.

import type { Engine } from '#dist/engine/contract.js'
import { BraidError } from '#dist/engine/errors.js'
import type { LiveSession } from '#dist/session/live-session.js'
import type { CallHandler, MessageHandler, Session, StreamHandler } from '#dist/session/session.js'
import type { Stream } from '#dist/session/stream.js'

/** Something with members replaced. */
function patched<Real extends object>(real: Real, patches: Partial<Real>): Real {
  return new Proxy(real, {
    get: (target, key) => {
      if (key in patches) return Reflect.get(patches, key)
      const found: unknown = Reflect.get(target, key)
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
}

/** True for every n-th time it is asked, of all sessions together. */
function every(n: number): () => boolean {
  let count = 0
  return () => ++count % n === 0
}

/** Sessions whose streams, as their handlers get them, are broken. */
function streams(broken: (stream: Stream) => Stream): (session: Session) => Session {
  return (session) =>
    patched(session, {
      handle: (pattern: string, handler: StreamHandler) => session.handle(pattern, (stream) => handler(broken(stream))),
    })
}

/** Sessions whose engines have a member replaced, for as long as they live. */
function engines(patch: (engine: Engine) => Partial<Engine>): (session: Session) => Session {
  return (session) => {
    const { engine } = session as LiveSession
    Object.assign(engine, patch(engine))
    return session
  }
}

function twice(session: Session): Session {
  const hit = every(5)
  return patched(session, {
    handleCall: (pattern: string, handler: CallHandler) =>
      session.handleCall(pattern, (bytes, context) => {
        if (hit()) void handler(bytes, context)
        return handler(bytes, context)
      }),
  })
}

function swapped(session: Session): Session {
  let kept: Uint8Array | undefined
  return patched(session, {
    handleMessage: (handler: MessageHandler) =>
      session.handleMessage((bytes) => {
        const before = kept
        kept = before === undefined ? bytes.slice() : undefined
        if (before === undefined) return undefined
        void handler(bytes)
        return handler(before)
      }),
  })
}

/** Every fault by the words a test is named with. */
export const sessionFaults: Readonly<Record<string, (session: Session) => Session>> = {
  'a call handled twice': twice,
  'messages handled in another order': swapped,
  'a message nobody hears of': (session) =>
    patched(session, { handleMessage: () => session.handleMessage(() => undefined) }),
  'a promise that never settles': (session) => patched(session, { message: () => new Promise(() => undefined) }),
  'a timer that is left': (session) => {
    ;(session as LiveSession).clock.set(() => undefined, 1e9)
    return session
  },
  'an error that says that nothing was executed': (session) =>
    patched(session, {
      call: async (...given: Parameters<Session['call']>) => {
        try {
          return await session.call(...given)
        } catch (thrown) {
          throw new BraidError('INTERNAL', String(thrown), { executed: 'no' })
        }
      },
    }),
  'a chunk that is lost': streams((stream) =>
    patched(stream, { read: () => (stream.read() === null ? null : stream.read()) }),
  ),
  'an end before all was read': streams((stream) => patched(stream, { readable: async () => false })),
  'a writing half that says it is ready and is not written': streams((stream) =>
    patched(stream, { write: (chunk: Uint8Array) => (chunk.length % 5 === 4 ? true : stream.write(chunk)) }),
  ),
  'credit returned twice': engines((engine) => {
    const consume = engine.consume.bind(engine)
    return {
      consume: (stream, bytes, messages) => {
        consume(stream, bytes, messages)
        consume(stream, bytes, messages)
      },
    }
  }),
  'a forgotten reply': engines((engine) => {
    const reply = engine.reply.bind(engine)
    const hit = every(3)
    return { reply: (slot, result) => (hit() ? undefined : reply(slot, result)) }
  }),
  'a frame lost when a session goes on': engines((engine) => {
    const adopt = engine.adopt.bind(engine)
    return { adopt: (received, ticket, now) => adopt(received + 1, ticket, now) }
  }),
  'a frame doubled when a session goes on': engines((engine) => {
    const adopt = engine.adopt.bind(engine)
    return { adopt: (received, ticket, now) => adopt(Math.max(0, received - 1), ticket, now) }
  }),
  'a dead connection nobody looks at': engines(() => ({ deadline: () => undefined })),
}
