// Sessions over stdin and stdout, with real child processes: what is printed, how an end is named, what is refused.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { connect, listen } from './connect.ts'
import { childTransport, isChild } from './stdio.ts'

const entry = new URL('./index.js', import.meta.url).href

/** A program that has `connect` and `listen`; what it writes to stderr is its `said`. */
function start(t: TestContext, program: string): ChildProcess & { said(): Promise<string> } {
  const code = `import { connect, listen } from '${entry}'\n${program}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'pipe'] })
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  const closed = once(child, 'close')
  t.after(async () => {
    child.kill('SIGKILL')
    await closed
  })
  return Object.assign(child, { said: () => closed.then(() => text) })
}

const ECHO = `
  const session = await connect('stdio:')
  session.handleCall('echo', (bytes) => bytes)
  session.handleCall('exit', ([code]) => process.exit(code))
  session.handle('echo', async (stream) => {
    for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
    stream.end()
  })
`

test('a child answers over its stdio, what it prints goes to stderr, and it ends when the session does', async (t) => {
  const child = start(t, `${ECHO} console.log('printed'); process.stdout.write('written')`)
  const session = await connect(child)
  assert.match(session.remote.address, new RegExp(`^stdio:${child.pid}$`))
  assert.equal(session.remote.confidential, true)
  assert.deepEqual([...(await session.call('echo', Uint8Array.of(1, 2)))], [1, 2])
  const stream = session.open('echo')
  let got = 0
  const reading = (async () => {
    for await (const { length } of stream) got += length
  })()
  for (let n = 0; n < 256; n++) if (!stream.write(new Uint8Array(65_536))) await stream.ready
  stream.end()
  await reading
  assert.equal(got, 256 * 65_536)
  await session.close()
  assert.equal(await session.closed, undefined)
  assert.equal(await child.said(), 'printed\nwritten')
  assert.equal(child.exitCode, 0)
})

test('listen takes a child, and a child that listens on stdio: is reached by its two pipes', async (t) => {
  const listener = await listen(start(t, ECHO), () => {})
  const program = `
    const listener = await listen('stdio:', (session) => session.handleCall('where', () => Buffer.from(listener.url)))
  `
  const { stdin, stdout } = start(t, program)
  const session = await connect({ stdin, stdout })
  assert.equal(Buffer.from(await session.call('where', new Uint8Array())).toString(), 'stdio:')
  await session.close()
  await listener.close()
})

for (const [what, end, name] of [
  ['exits with an error', (child: ChildProcess) => child.emit('leave', 3), /child process \d+ exited with code 3$/],
  ['exits without a word', (child: ChildProcess) => child.emit('leave', 0), /\(exited with code 0\) ended the connec/],
  ['is killed', (child: ChildProcess) => child.kill('SIGKILL'), /child process \d+ was ended by SIGKILL$/],
] as const) {
  test(`a child that ${what} ends the session, and the error says how`, async (t) => {
    const child = start(t, ECHO)
    const session = await connect(child)
    child.once('leave', (code: number) => session.call('exit', Uint8Array.of(code)).catch(() => {}))
    const pending = session.call('echo', new Uint8Array(1)).then(() => session.take('never'))
    await session.ping()
    end(child)
    const error = await session.closed
    assert.equal(error?.code, 'BRAID_TRANSPORT_LOST')
    assert.match(error.message, name)
    await assert.rejects(pending, { code: 'BRAID_TRANSPORT_LOST' })
  })
}

test('a child that leaves its pipes to another process has ended all the same', async (t) => {
  const child = start(
    t,
    `
    import { spawn } from 'node:child_process'
    ${ECHO}
    session.handleCall('leave', () => {
      spawn(process.execPath, ['-e', 'setTimeout(() => {}, 2500)'], { stdio: 'inherit' }).once('spawn', () => process.exit(4))
      return new Promise(() => {})
    })
  `,
  )
  const session = await connect(child)
  await assert.rejects(session.call('leave', new Uint8Array()), /exited with code 4/)
})

test('what is wrong with the options is told before stdio is taken', async (t) => {
  const child = start(
    t,
    `
    for (const options of [{ reconnect: true }, { tls: {} }, { authTimeoutMs: -1, idleTimeoutMs: -1 }])
      await connect('stdio:', options).catch((error) => console.error(error.code))
    for (const options of [{ origins: [] }, { tls: {} }, { idleTimeoutMs: -1 }])
      await listen('stdio:', () => {}, options).catch((error) => console.error(error.code))
    await listen('stdio:').catch((error) => console.error(error.name))
    ${ECHO} await session.closed
  `,
  )
  const session = await connect(child)
  assert.deepEqual([...(await session.call('echo', Uint8Array.of(1)))], [1])
  await session.close()
  assert.equal(await child.said(), `${'BRAID_INVALID_INPUT\n'.repeat(6)}TypeError\n`)
})

test('a child that has exited tells nothing any more after its end', async () => {
  const readable = new PassThrough()
  const pipe = new PassThrough({ highWaterMark: 1 })
  const child = { stdin: pipe, stdout: readable, pid: 1, exitCode: 3, signalCode: null, on: () => {} }
  const transport = childTransport(child)
  const told: string[] = []
  const over = new Promise<void>((resolve) => {
    const closed = (): void => {
      told.push('closed')
      resolve()
    }
    transport.start({ bytes: () => told.push('bytes'), drained: () => told.push('drained'), closed })
  })
  assert.equal(transport.send([new Uint8Array(100)]), false)
  await over
  readable.write('late')
  pipe.emit('drain')
  pipe.resume()
  await once(pipe, 'close')
  assert.deepEqual(told, ['closed'])
})

test('a program that cannot be started is unreachable', async () => {
  const child = spawn('/nowhere/such-a-program', [], { stdio: ['pipe', 'pipe', 'inherit'] })
  await assert.rejects(connect(child), (error) => {
    return (
      error instanceof BraidError &&
      error.code === 'BRAID_UNREACHABLE' &&
      /could not be started.*ENOENT/.test(error.message)
    )
  })
})

test('a child without pipes, this very process, and stdio: twice are refused', async (t) => {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await assert.rejects(connect(child), /has no pipes: start it with stdio/)
  assert.equal(isChild(process), false)
  // What a worker is, though its thread prints through such streams.
  assert.equal(isChild({ stdin: null, stdout: process.stdout, postMessage() {} }), false)
  await assert.rejects(connect(process as never), TypeError)
  const again = start(
    t,
    `${ECHO} await connect('stdio:').catch((error) => console.log(error.code, error.message)); session.close()`,
  )
  const session = await connect(again)
  await session.closed
  assert.match(await again.said(), /^BRAID_INVALID_INPUT stdio: is in use already/)
})
