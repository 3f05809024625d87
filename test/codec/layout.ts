// The frame table of docs/PROTOCOL.md, section 3, as data: number, flags, fields in order. Knows no bytes.

/**
 * How a field is written: `v` and `v30` varints; `byte`; `text` a v30 length and UTF-8; `meta` a kind byte and perhaps
 * length and bytes; `bytes16` and `bytes32` so many bytes; and, to the end of the body: `bytes`, `reason` (UTF-8), `entries` (of a HELLO).
 */
export type FieldKind = 'v' | 'v30' | 'byte' | 'text' | 'meta' | 'bytes16' | 'bytes32' | 'bytes' | 'reason' | 'entries'

/** A field, and for those that are not always there, when they are. */
export interface Field {
  readonly name: string
  readonly kind: FieldKind
  readonly when?: (frame: Frame) => boolean
}

export interface Layout {
  readonly number: number
  /** Names of the flags 1, 2 and 4; a missing one must be 0. */
  readonly flags: readonly string[]
  readonly fields: readonly Field[]
  readonly sequenced: boolean
}

/** A frame read: bytes as hex, texts as text, metadata as `none`, `json <text>` or `bytes <hex>`. */
export interface Frame {
  readonly type: string
  readonly flags: readonly string[]
  readonly fields: Readonly<Record<string, number | string>>
}

const has = (flag: string) => (frame: Frame) => frame.flags.includes(flag)
const isNamed = (frame: Frame) => frame.fields.method === 0
const isPlain = (frame: Frame) => !frame.flags.includes('ERROR') && !frame.flags.includes('VIA_STREAM')

const id: Field = { name: 'id', kind: 'v' }
const slot: Field = { name: 'slot', kind: 'v' }
const code: Field = { name: 'code', kind: 'v' }
const reason: Field = { name: 'reason', kind: 'reason' }
const bytes: Field = { name: 'bytes', kind: 'bytes' }
const meta: Field = { name: 'meta', kind: 'meta' }
const amount: Field = { name: 'bytes', kind: 'v30' }
const count: Field = { name: 'count', kind: 'v' }
const ticket: Field = { name: 'ticket', kind: 'bytes16' }
const secret: Field = { name: 'secret', kind: 'bytes32' }

function frame(number: number, sequenced: boolean, flags: string[], ...fields: Field[]): Layout {
  return { number, sequenced, flags, fields }
}

/** Every frame a version 1 peer may send, extensions apart. */
export const layouts: Readonly<Record<string, Layout>> = {
  HELLO: frame(0, false, [], { name: 'entries', kind: 'entries' }),
  RESUME: frame(1, false, [], ticket, secret, { name: 'attempt', kind: 'v' }, count, bytes),
  TICKET: frame(2, false, [], ticket, secret, { name: 'ms', kind: 'v' }, count),
  RESUME_NO: frame(3, false, [], code, reason),
  PING: frame(4, false, [], bytes),
  PONG: frame(5, false, [], bytes),
  ACK: frame(6, false, [], count),
  OPEN: frame(
    8,
    true,
    ['FIN', 'CONFIRM', 'PART'],
    id,
    { name: 'priority', kind: 'byte' },
    { name: 'name', kind: 'text' },
    meta,
    bytes,
  ),
  DATA: frame(9, true, ['FIN', 'EOM', 'MARK'], id, bytes),
  RESET: frame(10, true, ['SEND', 'RECV'], id, code, reason),
  CREDIT: frame(11, true, [], id, amount),
  SCREDIT: frame(12, true, [], amount),
  ASK: frame(13, true, [], id, amount),
  LIMIT: frame(14, true, [], { name: 'kind', kind: 'byte' }, count),
  META: frame(15, true, ['TRAILER'], id, meta),
  CALL: frame(
    16,
    true,
    ['ONEWAY', 'DEADLINE', 'PART'],
    slot,
    { name: 'method', kind: 'v' },
    { name: 'name', kind: 'text', when: isNamed },
    { name: 'ms', kind: 'v', when: has('DEADLINE') },
    bytes,
  ),
  REPLY: frame(
    17,
    true,
    ['ERROR', 'VIA_STREAM'],
    slot,
    { ...code, when: has('ERROR') },
    { name: 'reason', kind: 'text', when: has('ERROR') },
    { ...id, when: has('VIA_STREAM') },
    { ...bytes, when: (reply) => isPlain(reply) || has('ERROR')(reply) },
  ),
  CANCEL: frame(18, true, [], slot, code),
  GOAWAY: frame(20, true, [], count, code, reason),
  CLOSE: frame(21, false, [], code, reason),
  ACKREQ: frame(22, false, []),
}

/** The rows of section 3 that stand for numbers without a frame of their own. */
export const reservedTypes: readonly number[] = [7, 19, 23]

/** First number of the extensions, which carry any flags and any body. */
export const EXTENSION_MIN = 24
