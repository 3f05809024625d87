// One readable line a frame, for transcripts and for the text of failing tests.

import type { Frame } from './layout.ts'

const LONG = 48

function show(name: string, value: number | string): string {
  if (typeof value === 'number') return `${name}=${value}`
  if (name === 'name' || name === 'reason') return `${name}=${JSON.stringify(value)}`
  if (name !== 'bytes' && name !== 'ticket' && name !== 'secret') return `${name}={${value}}`
  if (name !== 'bytes') return `${name}=${value}`
  return value.length <= LONG ? `bytes=${value}` : `bytes[${value.length / 2}]`
}

/** `DATA+FIN id=0 bytes=616263`. */
export function describeFrame(frame: Frame): string {
  const fields = Object.entries(frame.fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => show(name, value))
  return [[frame.type, ...frame.flags].join('+'), ...fields].join(' ')
}
