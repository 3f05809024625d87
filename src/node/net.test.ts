// dial and accept over real sockets: the errors people get, and what becomes of the file of a Unix socket.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import type { Transport } from '../session/transport.ts'
import { parseAddress } from './address.ts'
import { type Acceptor, accept, dial } from './net.ts'

const ignore = () => {}

function failsWith(code: string, text: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof BraidError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, text)
    return true
  }
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'braid '))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function accepting(t: TestContext, url: string, connected: (transport: Transport) => void = (t) => t.close()) {
  const acceptor = await accept(parseAddress(url), connected)
  t.after(() => acceptor.close())
  return acceptor
}

async function closedPort(): Promise<number> {
  const server = await listening(createServer(), { port: 0, host: '127.0.0.1' })
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

function listening(server: Server, where: { port: number; host: string } | { path: string }): Promise<Server> {
  return new Promise((resolve) => server.listen(where, () => resolve(server)))
}

/** Leaves the file of a Unix socket behind, as a program does that is killed. */
function leaveStale(path: string): void {
  const code = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.exit())`
  spawnSync(process.execPath, ['-e', code])
  assert.ok(statSync(path).isSocket())
}

/** Sends one message each way and resolves with what the dialling side read. */
function greet(transport: Transport): Promise<string> {
  return new Promise((resolve) => {
    transport.start({
      bytes: (chunk) => {
        resolve(Buffer.from(chunk).toString())
        transport.close()
      },
      drained: ignore,
      closed: ignore,
    })
    transport.send([Buffer.from('ping')])
  })
}

function answer(transport: Transport): void {
  transport.start({
    bytes: (chunk) => transport.send([Buffer.from(`${Buffer.from(chunk)} pong`)]),
    drained: ignore,
    closed: ignore,
  })
}

for (const url of ['tcp://127.0.0.1:0', 'tcp://localhost:0']) {
  test(`dial reaches what accept opened at ${url}`, async (t) => {
    const acceptor = await accepting(t, url, answer)
    assert.match(acceptor.url, /^tcp:\/\/.+:[1-9]\d*$/)
    const transport = await dial(parseAddress(acceptor.url))
    assert.equal(transport.remote, acceptor.url)
    assert.equal(transport.confidential, true)
    assert.equal(await greet(transport), 'ping pong')
  })
}

test('dial reaches a Unix socket whose path holds spaces', async (t) => {
  const url = `unix:${join(folder(t), 'a socket')}`
  const remotes: string[] = []
  const acceptor = await accepting(t, url, (transport) => {
    remotes.push(transport.remote)
    answer(transport)
  })
  assert.equal(acceptor.url, url)
  const transport = await dial(parseAddress(url))
  assert.equal(transport.confidential, true)
  assert.equal(await greet(transport), 'ping pong')
  assert.deepEqual(remotes, [`${url}#1`])
})

test('dial names the address nobody listens at', async () => {
  const url = `tcp://127.0.0.1:${await closedPort()}`
  await assert.rejects(dial(parseAddress(url)), (error) => {
    const named = failsWith('BRAID_UNREACHABLE', /nobody listens there/)(error)
    assert.ok(String(error).includes(url))
    assert.equal((error as BraidError).executed, 'no')
    return named
  })
})

test('dial names a host that is unknown', async () => {
  await assert.rejects(
    dial(parseAddress('tcp://no-such-host.invalid:1')),
    failsWith('BRAID_UNREACHABLE', /no-such-host\.invalid:1: (the host is unknown|the host name could not)/),
  )
})

test('dial names a Unix socket that does not exist, and a file that is none', async (t) => {
  const path = join(folder(t), 'file')
  await assert.rejects(dial(parseAddress(`unix:${path}`)), failsWith('BRAID_UNREACHABLE', /no such socket/))
  writeFileSync(path, 'text')
  await assert.rejects(dial(parseAddress(`unix:${path}`)), failsWith('BRAID_UNREACHABLE', /ECONNREFUSED|ENOTSOCK/))
})

test('dial refuses port 0', async () => {
  await assert.rejects(dial(parseAddress('tcp://127.0.0.1:0')), failsWith('BRAID_INVALID_INPUT', /port 0/))
})

test('dial gives up when its time is over', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  // an address of documentation, which no network knows: the packets vanish, or are refused at once
  const dialling = dial(parseAddress('tcp://192.0.2.1:9'), { dialTimeoutMs: 50 })
  t.mock.timers.tick(50)
  await assert.rejects(dialling, failsWith('BRAID_UNREACHABLE', /no answer within 50 ms|no way to/))
})

test('dial gives up when its signal aborts, before and while dialling', async () => {
  const controller = new AbortController()
  const dialling = dial(parseAddress('tcp://192.0.2.1:9'), { signal: controller.signal })
  controller.abort(new Error('enough'))
  await assert.rejects(dialling, (error) => {
    assert.match(String((error as BraidError).cause), /enough/)
    return failsWith('BRAID_CANCELLED', /given up/)(error)
  })
  await assert.rejects(
    dial(parseAddress('tcp://127.0.0.1:9'), { signal: controller.signal }),
    failsWith('BRAID_CANCELLED', /given up/),
  )
})

test('accept names a port that is in use', async (t) => {
  const { url } = await accepting(t, 'tcp://127.0.0.1:0')
  await assert.rejects(accept(parseAddress(url), ignore), (error) => {
    assert.ok(String(error).includes(url))
    return failsWith('BRAID_ADDRESS', /in use/)(error)
  })
})

test('accept names an address that is not of this machine, and a host that is unknown', async () => {
  await assert.rejects(accept(parseAddress('tcp://192.0.2.1:0'), ignore), failsWith('BRAID_ADDRESS', /not one of this/))
  await assert.rejects(
    accept(parseAddress('tcp://no-such-host.invalid:0'), ignore),
    failsWith('BRAID_ADDRESS', /host is unknown|could not be looked up/),
  )
})

test('accept names a folder that does not exist', async (t) => {
  const url = `unix:${join(folder(t), 'none', 'socket')}`
  await assert.rejects(accept(parseAddress(url), ignore), failsWith('BRAID_ADDRESS', /folder does not exist/))
})

test('accept replaces the socket file of a program that is gone', async (t) => {
  const place = folder(t)
  const path = join(place, 'socket')
  leaveStale(path)
  await accepting(t, `unix:${path}`, answer)
  assert.equal(await greet(await dial(parseAddress(`unix:${path}`))), 'ping pong')
  assert.deepEqual(readdirSync(place), ['socket'])
})

test('accept lets only one of many have a stale socket, and that one serves', async (t) => {
  const place = folder(t)
  const path = join(place, 'socket')
  leaveStale(path)
  const tries = await Promise.allSettled([1, 2, 3, 4].map(() => accept(parseAddress(`unix:${path}`), answer)))
  const won = tries.filter((each): each is PromiseFulfilledResult<Acceptor> => each.status === 'fulfilled')
  t.after(() => Promise.all(won.map((each) => each.value.close())))
  assert.equal(won.length, 1)
  assert.equal(await greet(await dial(parseAddress(`unix:${path}`))), 'ping pong')
})

test('accept leaves a live socket alone', async (t) => {
  const place = folder(t)
  const path = join(place, 'socket')
  await accepting(t, `unix:${path}`, answer)
  await assert.rejects(accept(parseAddress(`unix:${path}`), ignore), failsWith('BRAID_ADDRESS', /in use/))
  assert.equal(await greet(await dial(parseAddress(`unix:${path}`))), 'ping pong')
  assert.deepEqual(readdirSync(place), ['socket'])
})

test('accept never removes a file that is no socket', async (t) => {
  const path = join(folder(t), 'precious')
  writeFileSync(path, 'data')
  await assert.rejects(accept(parseAddress(`unix:${path}`), ignore), failsWith('BRAID_ADDRESS', /not a socket/))
  assert.equal(statSync(path).size, 4)
})

test('close removes the file of a Unix socket and ends listening', async (t) => {
  const place = folder(t)
  const url = `unix:${join(place, 'socket')}`
  const acceptor = await accept(parseAddress(url), answer)
  await acceptor.close()
  assert.deepEqual(readdirSync(place), [])
  await assert.rejects(dial(parseAddress(url)), failsWith('BRAID_UNREACHABLE', /no such socket/))
})
