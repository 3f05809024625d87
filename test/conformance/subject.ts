// The engine under test as the vectors see it: bytes, time and commands go in; frames and plain events come out.
// Streams and calls are known by labels: my0 is the first stream this side opened, peer0 number 0 of the peer, call0 the first call.

import type {
  Engine,
  EngineCall,
  EngineEvent,
  EngineStream,
  RawMeta,
  ResumeRequest,
  Ticket,
} from '#dist/engine/contract.js'
import { createEngine } from '#dist/engine/engine.js'
import { BraidError } from '#dist/engine/errors.js'
import { parseOptions } from '#dist/engine/options.js'
import { decodeFrame, encodeFrame, PREFACE } from '../codec/frames.ts'
import { concat, fromHex, toHex } from '../codec/hex.ts'
import { type Frame, layouts } from '../codec/layout.ts'
import { type Command, expand, type Piece, type Value, type Vector } from './vector.ts'

/** An event with nothing in it but plain values. */
export type PlainEvent = Record<string, Value>

/** What happened since the last look, and how things stand. */
export interface Seen {
  readonly size: number
  readonly frames: readonly Frame[]
  readonly events: readonly PlainEvent[]
  /** The transport is to be ended. */
  readonly ended: boolean
  /** How the session ended: a code's name, `clean`, or null while it lives. */
  readonly closed: string | null
  /** Wire id of a label, as the subject writes it. */
  id(label: string): number
}

const BUDGET = 65_536

export class Subject {
  readonly engine: Engine
  private now = 1_000
  private readonly streams = new Map<string, EngineStream>()
  private readonly calls: EngineCall[] = []
  private opened = 0
  private size = 0
  private undecoded: Uint8Array = new Uint8Array(0)
  private spoken = false
  private frames: Frame[] = []
  private events: PlainEvent[] = []
  private closed: string | null = null
  private held = false
  private lastPing = ''
  private unacknowledged = 0
  private askedFor = 0

  constructor(vector: Pick<Vector, 'role' | 'options' | 'gate' | 'resume' | 'full'>) {
    const { auth, ...rest } = vector.options ?? {}
    const options = auth === undefined ? rest : { ...rest, auth: fromHex(String(auth)) }
    let state = 7
    const random = () => {
      state = (state * 16_807) % 2_147_483_647
      return state / 2_147_483_647
    }
    const init = {
      refuse: vector.full === undefined ? undefined : new BraidError('EXHAUSTED', vector.full),
      waitForPreface: vector.role === 'listener',
      gate: vector.gate === true,
      resume: vector.resume === true,
      random,
    }
    this.engine = createEngine(parseOptions({ idleTimeoutMs: 86_400_000, ...options }), init)
    this.engine.tick(this.now)
    this.flush()
  }

  /** Delivers bytes in pieces. Nothing is taken from the engine in between: the transport is full meanwhile. */
  receive(pieces: Piece | readonly Piece[], split: (bytes: Uint8Array) => Uint8Array[]): void {
    for (const chunk of split(expand(pieces, (macro) => this.macro(macro)))) {
      this.engine.receive(chunk.slice(), this.now)
      this.drain()
    }
    this.flush()
  }

  /** Lets time pass, stopping at every deadline on the way. */
  advance(ms: number): void {
    const until = this.now + ms
    for (let turns = 0; turns < 10_000; turns++) {
      const next = this.engine.deadline()
      if (next === undefined || next > until) break
      this.now = Math.max(this.now, next)
      this.engine.tick(this.now)
      this.drain()
      this.flush()
    }
    this.now = until
    this.engine.tick(this.now)
    this.drain()
    this.flush()
  }

  perform(commands: readonly Command[]): void {
    for (const { repeat, ...command } of commands) {
      for (let at = 0; at < Number(repeat ?? 1); at++) {
        const method = String(command.method ?? '').replace('<i>', String(at))
        this.command('method' in command ? { ...command, method } : command)
      }
    }
    this.drain()
    if (this.held) this.held = false
    else this.flush()
  }

  /** What happened since the last look. */
  look(): Seen {
    const { size, frames, events } = this
    this.size = 0
    this.frames = []
    this.events = []
    const ended = this.engine.closing || this.closed !== null
    return { size, frames, events, ended, closed: this.closed, id: (label) => this.id(label) }
  }

  private id(label: string): number {
    const number = this.streams.get(label)?.number ?? Number(/\d+$/.exec(label)?.[0])
    return number * 2 + (label.startsWith('my') ? 0 : 1)
  }

  private macro(macro: string): Uint8Array {
    if (macro === '$pong') return encodeFrame({ type: 'PONG', flags: [], fields: { bytes: this.lastPing } })
    if (macro !== '$ack') throw new SyntaxError(`no macro is called ${macro}`)
    const count = this.askedFor
    this.unacknowledged -= count
    this.askedFor = 0
    return count === 0 ? new Uint8Array(0) : encodeFrame({ type: 'ACK', flags: [], fields: { count } })
  }

  private command(command: Command): void {
    const text = (name: string) => (typeof command[name] === 'string' ? (command[name] as string) : '')
    const number = (name: string) => (typeof command[name] === 'number' ? (command[name] as number) : 0)
    const bytes = (name: string) => expand((command[name] as Piece | undefined) ?? '', (macro) => this.macro(macro))
    const { engine } = this
    switch (command.do) {
      case 'open':
        return this.open(command)
      case 'accept':
        return engine.accept(this.stream(command), readMeta(command.answer))
      case 'write':
        return void engine.write(this.stream(command), bytes('bytes'), command.eom === true)
      case 'end':
        return engine.end(this.stream(command), readMeta(command.trailer))
      case 'reset':
        return engine.reset(this.stream(command), number('code'), text('reason'))
      case 'stop':
        return engine.stop(this.stream(command), number('code'), text('reason'))
      case 'consume':
        return engine.consume(this.stream(command), number('bytes'), number('messages'))
      case 'settle':
        return engine.settle(this.stream(command))
      case 'call':
        return this.call(text('method'), bytes('args'), command)
      case 'cancel':
        return engine.cancel(this.calls[Number(text('call').slice(4))] as EngineCall, number('code'))
      case 'reply':
        return engine.reply(number('slot'), bytes('bytes'))
      case 'replyVia':
        return engine.replyVia(number('slot'), this.stream(command))
      case 'replyError':
        return engine.replyError(number('slot'), number('code'), text('reason'), bytes('details'))
      case 'ping':
        return engine.ping()
      case 'goAway':
        return engine.goAway(number('code'), text('reason'))
      case 'close':
        return engine.close(number('code'), text('reason'))
      case 'admit':
        return engine.admit(this.now)
      case 'lost':
        return this.lost()
      case 'issue':
        return engine.issue(ticketOf(bytes('secret'), number('ms')))
      case 'redial':
        return engine.redial(number('attempt'))
      case 'adopt':
        return engine.adopt(number('received'), ticketOf(bytes('secret'), number('ms')), this.now)
      case 'refuse':
        return engine.refuseResume(number('code'), text('reason'))
      case 'hold':
        this.held = true
        return
      default:
        throw new SyntaxError(`no command is called ${command.do}`)
    }
  }

  private lost(): void {
    const error = new BraidError('TRANSPORT_LOST', 'the transport is gone', { scope: 'transport' })
    if (!this.engine.detach()) return this.engine.lost(error)
    this.spoken = false
    this.undecoded = new Uint8Array(0)
  }

  private open(command: Command): void {
    const stream = this.engine.open({
      name: String(command.name),
      meta: readMeta(command.meta),
      urgency: typeof command.urgency === 'number' ? command.urgency : 3,
      confirm: command.confirm === true,
      part: command.part === true,
    })
    const label = `my${this.opened++}`
    stream.owner = label
    this.streams.set(label, stream)
  }

  private call(method: string, args: Uint8Array, command: Command): void {
    const deadlineAt = typeof command.deadlineMs === 'number' ? this.now + command.deadlineMs : undefined
    const owner = `call${this.calls.length}`
    this.calls.push(this.engine.call(method, args, deadlineAt, command.oneWay === true, owner, command.part === true))
  }

  private stream(command: Command): EngineStream {
    const stream = this.streams.get(String(command.stream))
    if (stream === undefined) throw new SyntaxError(`no stream is called ${command.stream}`)
    return stream
  }

  private flush(): void {
    const out: Uint8Array[] = []
    while (this.engine.transmit(out, BUDGET, this.now) > 0);
    this.undecoded = concat([this.undecoded, ...out])
    this.size += out.reduce((sum, chunk) => sum + chunk.length, 0)
    this.decode()
    this.drain()
  }

  private decode(): void {
    let at = 0
    if (!this.spoken && this.undecoded.length >= PREFACE.length) {
      if (toHex(this.undecoded.subarray(0, PREFACE.length)) !== toHex(PREFACE)) throw new Error('no preface was sent')
      this.spoken = true
      this.frames.push({ type: 'PREFACE', flags: [], fields: {} })
      at = PREFACE.length
    }
    while (this.spoken) {
      const read = decodeFrame(this.undecoded, at)
      if (read === undefined) break
      at = read.next
      this.note(read.value)
    }
    this.undecoded = this.undecoded.slice(at)
  }

  private note(frame: Frame): void {
    this.frames.push(frame)
    if (layouts[frame.type]?.sequenced) this.unacknowledged++
    if (frame.type === 'ACKREQ' || frame.flags.includes('MARK')) this.askedFor = this.unacknowledged
    if (frame.type === 'PING') this.lastPing = String(frame.fields.bytes)
  }

  private drain(): void {
    for (let event = this.engine.event(); event !== undefined; event = this.engine.event()) {
      if (event.type === 'open') {
        const label = `peer${event.stream.number}`
        event.stream.owner = label
        this.streams.set(label, event.stream)
      }
      const plain = plainEvent(event)
      if (event.type === 'closed') this.closed = String(plain.code)
      const last = this.events.at(-1)
      const continues = last?.type === 'data' && last.stream === plain.stream && last.eom === false
      if (plain.type === 'data' && last !== undefined && continues) {
        this.events[this.events.length - 1] = {
          ...plain,
          bytes: `${last.bytes}${plain.bytes}`,
          size: Number(last.size) + Number(plain.size),
        }
      } else {
        this.events.push(plain)
      }
    }
  }
}

function readMeta(meta: Value | Piece | undefined): RawMeta | undefined {
  const text = typeof meta === 'string' ? meta : 'none'
  if (text === 'none') return undefined
  if (text.startsWith('json ')) return { json: true, bytes: new TextEncoder().encode(text.slice(5)) }
  return { json: false, bytes: fromHex(text.replace('bytes ', '')) }
}

function showMeta(meta: RawMeta | undefined): string {
  if (meta === undefined) return 'none'
  return meta.json ? `json ${new TextDecoder().decode(meta.bytes)}` : `bytes ${toHex(meta.bytes)}`
}

function showError(error: BraidError | undefined): PlainEvent {
  if (error === undefined) return { code: 'clean' }
  const { code, number, reason, executed, initiator, details } = error
  return { code: code.replace('BRAID_', ''), number, reason, executed, initiator, details: toHex(details ?? []) }
}

function ticketOf(secret: Uint8Array, keepMs: number): Ticket {
  return { id: new Uint8Array(16).fill(7), secret, keepMs }
}

function plainRequest({ id, secret, attempt, received, auth }: ResumeRequest): PlainEvent {
  return { ticket: toHex(id), secret: toHex(secret), attempt, received, auth: toHex(auth) }
}

function plainEvent(event: EngineEvent): PlainEvent {
  const plain: PlainEvent = { type: event.type }
  for (const [name, value] of Object.entries(event)) {
    if (name === 'stream' || name === 'via') plain[name] = value === undefined ? null : String(value.owner)
    else if (name === 'call') plain[name] = String(value.owner)
    else if (name === 'meta' || name === 'trailer') plain[name] = showMeta(value)
    else if (name === 'request') Object.assign(plain, plainRequest(value))
    else if (name === 'error') Object.assign(plain, showError(value))
    else if (name === 'remote') Object.assign(plain, value, { auth: toHex(value.auth) })
    else if (value instanceof Uint8Array) Object.assign(plain, { [name]: toHex(value), size: value.length })
    else plain[name] = value === undefined ? null : value
  }
  return plain
}
