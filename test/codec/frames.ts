// Frames to bytes and back, field by field as docs/PROTOCOL.md, section 3, lays them out. Checks shape, not meaning.

import { concat, fromHex, toHex } from './hex.ts'
import { EXTENSION_MIN, type Field, type Frame, layouts } from './layout.ts'
import { CodecError, decodeVarint, encodeVarint, type Read } from './varint.ts'

/** The eight bytes each side begins with. */
export const PREFACE: Uint8Array = fromHex('f5 42 52 44 0d 0a 1a 01')

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new CodecError('UTF8', 'a text that is not UTF-8')
  }
}

function withLength(bytes: Uint8Array): number[] {
  return [...encodeVarint(bytes.length), ...bytes]
}

function sizeOf(field: Field): number {
  return Number(field.kind.slice('bytes'.length))
}

function fixed(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length !== size) throw new SyntaxError(`${bytes.length} bytes where ${size} belong`)
  return bytes
}

function encodeMeta(meta: string): number[] {
  if (meta === 'none') return [0]
  if (meta.startsWith('json ')) return [1, ...withLength(encodeText(meta.slice(5)))]
  if (meta.startsWith('bytes ')) return [2, ...withLength(fromHex(meta.slice(6)))]
  throw new SyntaxError(`not metadata: ${meta}`)
}

function encodeEntries(entries: string): number[] {
  const out: number[] = []
  for (const entry of entries.split(' ').filter((text) => text !== '')) {
    const [key, value] = entry.split('=')
    out.push(...encodeVarint(Number(key)), ...withLength(fromHex(value ?? '')))
  }
  return out
}

function encodeField(field: Field, value: number | string): Iterable<number> {
  switch (field.kind) {
    case 'v':
    case 'v30':
      return encodeVarint(Number(value))
    case 'byte':
      return [Number(value)]
    case 'text':
      return withLength(encodeText(String(value)))
    case 'meta':
      return encodeMeta(String(value))
    case 'bytes16':
    case 'bytes32':
      return fixed(fromHex(String(value)), sizeOf(field))
    case 'bytes':
      return fromHex(String(value))
    case 'reason':
      return encodeText(String(value))
    case 'entries':
      return encodeEntries(String(value))
  }
}

/** The bytes of a frame, every varint in its shortest form. */
export function encodeFrame(frame: Frame): Uint8Array {
  const layout = layouts[frame.type]
  if (layout === undefined) throw new SyntaxError(`no frame is called ${frame.type}`)
  let flags = 0
  for (const flag of frame.flags) {
    const bit = layout.flags.indexOf(flag)
    if (bit < 0) throw new SyntaxError(`${frame.type} has no flag ${flag}`)
    flags |= 1 << bit
  }
  const body: number[] = []
  for (const field of layout.fields) {
    if (field.when?.(frame) === false) continue
    for (const byte of encodeField(field, frame.fields[field.name] ?? '')) body.push(byte)
  }
  return concat([Uint8Array.of(layout.number * 8 + flags, ...encodeVarint(body.length)), Uint8Array.from(body)])
}

function decodeMeta(bytes: Uint8Array, at: number, end: number): Read<string> {
  if (at >= end) throw new CodecError('FRAME_SIZE', 'metadata begins past the end')
  const kind = bytes[at]
  if (kind === 0) return { value: 'none', next: at + 1 }
  if (kind !== 1 && kind !== 2) throw new CodecError('PROTOCOL', `metadata of kind ${kind}`)
  const value = decodeSized(bytes, at + 1, end)
  const text = kind === 1 ? `json ${decodeText(value.value)}` : `bytes ${toHex(value.value)}`
  return { value: text, next: value.next }
}

function decodeSized(bytes: Uint8Array, at: number, end: number): Read<Uint8Array> {
  const length = decodeVarint(bytes, at, end, true)
  const next = length.next + length.value
  if (next > end) throw new CodecError('FRAME_SIZE', 'a field ends past the body')
  return { value: bytes.subarray(length.next, next), next }
}

function decodeEntries(bytes: Uint8Array, at: number, end: number): string {
  const entries: string[] = []
  try {
    for (let next = at; next < end; ) {
      const key = decodeVarint(bytes, next, end, false)
      const value = decodeSized(bytes, key.next, end)
      entries.push(`${key.value}=${toHex(value.value)}`)
      next = value.next
    }
  } catch (error) {
    throw new CodecError('BAD_LIMITS', (error as Error).message)
  }
  return entries.join(' ')
}

function decodeField(field: Field, bytes: Uint8Array, at: number, end: number): Read<number | string> {
  switch (field.kind) {
    case 'v':
    case 'v30':
      return decodeVarint(bytes, at, end, field.kind === 'v30')
    case 'byte':
      if (at >= end) throw new CodecError('FRAME_SIZE', 'a byte past the body')
      return { value: bytes[at] as number, next: at + 1 }
    case 'text': {
      const text = decodeSized(bytes, at, end)
      return { value: decodeText(text.value), next: text.next }
    }
    case 'meta':
      return decodeMeta(bytes, at, end)
    case 'bytes16':
    case 'bytes32': {
      const next = at + sizeOf(field)
      if (next > end) throw new CodecError('FRAME_SIZE', `${field.name} ends past the body`)
      return { value: toHex(bytes.subarray(at, next)), next }
    }
    case 'bytes':
      return { value: toHex(bytes.subarray(at, end)), next: end }
    case 'reason':
      return { value: decodeText(bytes.subarray(at, end)), next: end }
    case 'entries':
      return { value: decodeEntries(bytes, at, end), next: end }
  }
}

/** Reads one frame; undefined when it is not all there yet. */
export function decodeFrame(bytes: Uint8Array, at = 0): Read<Frame> | undefined {
  if (bytes.length - at < 2) return undefined
  const size = [1, 2, 4, 8][(bytes[at + 1] as number) >> 6] as number
  if (bytes.length - at < 1 + size) return undefined
  const number = (bytes[at] as number) >> 3
  const bits = (bytes[at] as number) & 7
  const length = decodeVarint(bytes, at + 1, bytes.length, true)
  const end = length.next + length.value
  if (end > bytes.length) return undefined
  if (number >= EXTENSION_MIN) {
    const fields = { number, flags: bits, bytes: toHex(bytes.subarray(length.next, end)) }
    return { value: { type: 'EXTENSION', flags: [], fields }, next: end }
  }
  const [type, layout] = Object.entries(layouts).find(([, each]) => each.number === number) ?? []
  if (type === undefined || layout === undefined) throw new CodecError('UNKNOWN_FRAME', `frame type ${number}`)
  if (bits >= 2 ** layout.flags.length) throw new CodecError('UNKNOWN_FRAME', `flags ${bits} on ${type}`)
  const fields: Record<string, number | string> = {}
  const frame: Frame = { type, flags: layout.flags.filter((_, bit) => (bits >> bit) % 2 === 1), fields }
  let next = length.next
  for (const field of layout.fields) {
    if (field.when?.(frame) === false) continue
    const read = decodeField(field, bytes, next, end)
    fields[field.name] = read.value
    next = read.next
  }
  if (next !== end) throw new CodecError('FRAME_SIZE', `${end - next} bytes left over in ${type}`)
  return { value: frame, next: end }
}

/** Reads all frames; throws when the bytes end inside one. */
export function decodeFrames(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at < bytes.length; ) {
    const read = decodeFrame(bytes, at)
    if (read === undefined) throw new CodecError('FRAME_SIZE', `the bytes end inside a frame that began at ${at}`)
    frames.push(read.value)
    at = read.next
  }
  return frames
}
