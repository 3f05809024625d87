// How the model uses each method, and what must be true of each use when it is over.

import assert from 'node:assert/strict'
import { BraidError, type Stream } from 'braidwire'
import { type Client, keep, wrap } from 'braidwire/rpc'
import { type Api, allBytes, bytesOf, type Callback, failing, paced, type Script, takeSome } from './api.ts'
import { Activity, scarce, type World } from './world.ts'

export const shapes = [
  'echo',
  'items',
  'lateItems',
  'list',
  'many',
  'manyBack',
  'map',
  'size',
  'bytes',
  'same',
  'flows',
  'nested',
  'callback',
  'fire',
  'deeper',
  'subscribe',
  'counter',
  'wait',
  'unsendable',
] as const
export type Shape = (typeof shapes)[number]

export interface Use {
  readonly shape: Shape
  readonly from: 0 | 1
  readonly script: Script
  readonly large: boolean
  readonly timeout: number | undefined
  readonly preAborted: boolean
}

/** The numbers up to `count`, in order, from the first. */
function isPrefix(taken: readonly number[], about: string, factor = 1): void {
  assert.deepEqual(
    taken,
    taken.map((_, n) => n * factor),
    about,
  )
}

/** Counts what is called: in order, and not after its end. */
class Listener {
  readonly heard: number[] = []
  over = false
  readonly about: string

  constructor(about: string) {
    this.about = about
  }

  readonly hear = (n: number): number => {
    assert.ok(!this.over, `${this.about} was called after its end`)
    this.heard.push(n)
    return n
  }
}

/** Begins one use of a method. */
export function begin(world: World, use: Use, tell: (id: number) => void): void {
  const { shape, script, timeout } = use
  const activity = new Activity(`${shape} ${script.id}`, timeout !== undefined, script.fails ? ['NOT_FOUND'] : [])
  if (use.preAborted) activity.abort()
  const remote = wrap<Api>(world.sessions[use.from]!).with({ signal: activity.controller.signal, timeout })
  const task = tasks[shape]
  world.run(activity, () => task({ world, use, script, activity, remote, tell, about: activity.about }))
}

interface Task {
  readonly world: World
  readonly use: Use
  readonly script: Script
  readonly activity: Activity
  readonly remote: Client<Api>
  readonly about: string
  /** Told of a listener that was subscribed. */
  readonly tell: (id: number) => void
}

/** How many items of a script come when nobody leaves early, and whether that is what happened. */
function whole({ count, take }: Script, taken: readonly unknown[]): void {
  assert.equal(taken.length, Math.min(count, take))
}

/** As `takeSome`, and tells who makes them even if none was wanted. */
async function takeAndLeave<Item>(items: AsyncGenerator<Item>, take: number): Promise<Item[]> {
  try {
    return await takeSome(items, take)
  } finally {
    await items.return(undefined)
  }
}

/** More streams in one value than may be open at once. */
async function isRefused({ use, activity, world }: Task, call: PromiseLike<unknown>): Promise<void> {
  await assert.rejects(Promise.resolve(call), (error) => {
    const excused = use.preAborted || activity.aborted || activity.timed || world.closing
    return excused || (error instanceof BraidError && error.code === 'BRAID_EXHAUSTED')
  })
}

function producer({ world, script, about }: Task): AsyncGenerator<number> {
  return world.count(`argument of ${about}`, script.count, paced(script), failing(script))
}

async function takeBytes(task: Task, bytes: AsyncIterable<Uint8Array>, end: () => void): Promise<void> {
  const { script, about } = task
  const all = allBytes(script.count)
  let size = 0
  try {
    for await (const piece of bytes) {
      assert.equal(Buffer.compare(piece, all.subarray(size, size + piece.length)), 0, about)
      size += piece.length
      if (size > 20_000 * script.take) return
    }
    assert.equal(size, all.length, about)
  } finally {
    end()
  }
}

const tasks: Readonly<Record<Shape, (task: Task) => Promise<unknown>>> = {
  async echo({ remote, script, use }) {
    const value = use.large ? new Uint8Array(100_000).fill(script.id) : { id: script.id }
    assert.deepEqual(await remote.echo(script, value), value)
  },

  async items({ remote, script }) {
    const taken = await takeAndLeave(remote.items(script), script.take)
    isPrefix(taken, 'items')
    whole(script, taken)
  },

  async lateItems({ remote, script }) {
    const items = remote.lateItems(script)
    const [first, second] = await Promise.all([items.next(), items.next()])
    if (first.done !== true) assert.equal(first.value, 0)
    if (second.done !== true) assert.equal(second.value, 1)
    await items.return(undefined)
  },

  async list(task) {
    const { remote, script } = task
    const taken = await remote.list(script, producer(task))
    isPrefix(taken, task.about)
    whole(script, taken)
  },

  async many(task) {
    const { remote, script } = task
    const count = script.count % 40
    const small = { ...task, script: { ...script, count: 3 } }
    const call = remote.many(
      script,
      Array.from({ length: count }, () => producer(small)),
    )
    if (count >= scarce.maxStreams) await isRefused(task, call)
    else for (const taken of await call) assert.deepEqual(taken, [0, 1, 2])
  },

  async manyBack(task) {
    const { remote, script, about } = task
    const count = script.count % 40
    const call = remote.manyBack(script)
    if (count >= scarce.maxStreams) return isRefused(task, call)
    const results = await Promise.allSettled((await call).map((items) => takeAndLeave(items, 9)))
    assert.equal(results.length, count)
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason
      isPrefix(result.value, about)
    }
  },

  async map(task) {
    const { remote, script } = task
    const taken = await takeAndLeave(remote.map(script, producer(task)), script.take)
    isPrefix(taken, task.about, 2)
    whole(script, taken)
  },

  async size(task) {
    const { remote, script, world, about } = task
    assert.equal(
      await remote.size(script, bytesOf(world, `argument of ${about}`, script)),
      allBytes(script.count).length,
    )
  },

  async bytes(task) {
    const bytes = (await task.remote.bytes(task.script)) as unknown as Stream
    await takeBytes(task, bytes, () => bytes.reset('CANCELLED'))
  },

  async same(task) {
    const { remote, script, world, about } = task
    const source = bytesOf(world, `argument of ${about}`, script)
    const { bytes } = (await remote.same(script, source)) as { bytes: Stream }
    bytes.end()
    await takeBytes(task, bytes, () => bytes.reset('CANCELLED'))
  },

  async flows(task) {
    const { items, more } = (await task.remote.flows(task.script)) as unknown as {
      items: AsyncGenerator<number>
      more: [Stream]
    }
    // Both are held: the one must not depend on the other's being read.
    const results = await Promise.allSettled([
      takeAndLeave(items, task.script.take),
      takeBytes(task, more[0], () => more[0].reset('CANCELLED')),
    ])
    for (const result of results) if (result.status === 'rejected') throw result.reason
  },

  async nested({ remote, script, about }) {
    let n = 0
    for await (const item of remote.nested(script)) {
      assert.equal(item.n, n++, about)
      isPrefix(await takeSome(item.items, 9), about)
      if (n === script.take) break
    }
  },

  async callback({ remote, script, about, use }) {
    const listener = new Listener(about)
    const hear = (n: number): number => {
      listener.hear(n)
      if (script.fails && n === script.count - 1) failing(script)()
      return n
    }
    try {
      assert.equal(await remote.callback(script, hear as never), script.count)
      assert.equal(listener.heard.length, script.count)
    } finally {
      listener.over = true
      isPrefix(listener.heard, about)
      if (use.preAborted) assert.equal(listener.heard.length, 0)
    }
  },

  async fire({ remote, script, about }) {
    const listener = new Listener(about)
    try {
      await remote.fire(script, listener.hear as never)
    } finally {
      listener.over = true
      isPrefix(listener.heard, about)
    }
  },

  async deeper({ remote, script, about }) {
    let called = 0
    const outer = async (inner: Callback): Promise<unknown> => {
      assert.equal(called++, 0, about)
      return inner(script.id)
    }
    assert.equal(await remote.deeper(script, outer as never), script.id + script.count)
  },

  async subscribe({ remote, script, about, world, tell }) {
    const listener = new Listener(about)
    const kept = keep(listener.hear)
    try {
      await remote.subscribe(script, kept as never)
      tell(script.id)
      if (script.pace > 0) await world.gate()
    } finally {
      kept.release()
      listener.over = true
      isPrefix(listener.heard, about)
    }
  },

  async counter({ remote, script }) {
    const { next } = await remote.counter(script)
    try {
      for (let n = 0; n < script.count; n++) assert.equal(await next(), script.id + n)
    } finally {
      next.release()
    }
  },

  async wait({ remote, script, world, use }) {
    const controller = new AbortController()
    if (script.take === 0) controller.abort()
    // The bytes make it travel by stream, which its abort overtakes.
    const values = use.large ? [controller.signal, new Uint8Array(100_000)] : [controller.signal]
    const call = remote.wait(script, ...(values as [AbortSignal]))
    if (script.fails) {
      if (script.pace > 0) await world.gate()
      controller.abort()
    }
    const aborted = await call
    if (script.take === 0) assert.equal(aborted, true)
    if (script.take > 0 && !script.fails) assert.equal(aborted, false)
  },

  async unsendable(task) {
    const { remote, script } = task
    await assert.rejects(
      remote.list(script, [producer(task), Symbol('never')] as never),
      (error) => task.use.preAborted || task.world.closing || error instanceof TypeError,
    )
  },
}
