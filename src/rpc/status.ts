// The codes of Braidwire beside gRPC's: one table, for bridges, logs and dashboards that know those sixteen names.

import type { BraidErrorCode, CodeName } from '../engine/errors.ts'

/** The sixteen failures of gRPC, by name, and OK. */
const numbers = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const

/** A status of gRPC, by name. */
export type GrpcStatusName = keyof typeof numbers

/** A status of gRPC. */
export interface GrpcStatus {
  /** Its number, 0 to 16. */
  readonly code: number
  readonly name: GrpcStatusName
}

/** What each code is called there. UNAVAILABLE is what a client of gRPC may try again. */
const statusOf: Readonly<Record<CodeName, GrpcStatusName>> = {
  PROTOCOL: 'INTERNAL',
  BAD_LIMITS: 'INTERNAL',
  FRAME_SIZE: 'INTERNAL',
  UNKNOWN_FRAME: 'INTERNAL',
  STREAM_ID: 'INTERNAL',
  LIMIT_EXCEEDED: 'RESOURCE_EXHAUSTED',
  STREAM_STATE: 'INTERNAL',
  FLOW_CONTROL: 'INTERNAL',
  REFUSED: 'UNAVAILABLE',
  INTERNAL: 'INTERNAL',
  INTEGRITY: 'DATA_LOSS',
  FLOOD: 'RESOURCE_EXHAUSTED',
  SLOW_PEER: 'UNAVAILABLE',
  CANCELLED: 'CANCELLED',
  DEADLINE: 'DEADLINE_EXCEEDED',
  EXHAUSTED: 'RESOURCE_EXHAUSTED',
  UNIMPLEMENTED: 'UNIMPLEMENTED',
  INVALID_INPUT: 'INVALID_ARGUMENT',
  DENIED: 'PERMISSION_DENIED',
  NOT_FOUND: 'NOT_FOUND',
  GOING_AWAY: 'UNAVAILABLE',
  VERSION: 'FAILED_PRECONDITION',
  SUPERSEDED: 'ABORTED',
  TRANSPORT_LOST: 'UNAVAILABLE',
  SESSION_LOST: 'UNAVAILABLE',
  UNREACHABLE: 'UNAVAILABLE',
  TLS: 'UNAUTHENTICATED',
  ADDRESS: 'FAILED_PRECONDITION',
  CLOSED: 'CANCELLED',
  RESET: 'UNKNOWN',
}

/** The code that says best what a status says; undefined is OK, which is no failure. */
const codeOf: Readonly<Record<GrpcStatusName, CodeName | undefined>> = {
  OK: undefined,
  CANCELLED: 'CANCELLED',
  UNKNOWN: 'INTERNAL',
  INVALID_ARGUMENT: 'INVALID_INPUT',
  DEADLINE_EXCEEDED: 'DEADLINE',
  NOT_FOUND: 'NOT_FOUND',
  ALREADY_EXISTS: 'INVALID_INPUT',
  PERMISSION_DENIED: 'DENIED',
  RESOURCE_EXHAUSTED: 'EXHAUSTED',
  FAILED_PRECONDITION: 'INVALID_INPUT',
  ABORTED: 'INTERNAL',
  OUT_OF_RANGE: 'INVALID_INPUT',
  UNIMPLEMENTED: 'UNIMPLEMENTED',
  INTERNAL: 'INTERNAL',
  // Not REFUSED, which promises that nothing was executed: this status does not.
  UNAVAILABLE: 'TRANSPORT_LOST',
  DATA_LOSS: 'INTEGRITY',
  UNAUTHENTICATED: 'DENIED',
}

const names = Object.keys(numbers) as GrpcStatusName[]

/**
 * The status gRPC has for an error: that of its code; OK for no error, UNKNOWN for what is no error of Braidwire.
 *
 * @example
 * import { BraidError } from 'braidwire'
 * import { grpcStatus } from 'braidwire/rpc'
 *
 * const { code, name } = grpcStatus(new BraidError('DEADLINE', 'too late'))
 * console.log(code, name) // 4 DEADLINE_EXCEEDED
 */
export function grpcStatus(error: unknown): GrpcStatus {
  if (error === undefined || error === null) return { code: 0, name: 'OK' }
  const code = (error as { code?: BraidErrorCode | undefined }).code
  const known = typeof code === 'string' && code.startsWith('BRAID_') ? code.slice('BRAID_'.length) : ''
  const name = Object.hasOwn(statusOf, known) ? statusOf[known as CodeName] : 'UNKNOWN'
  return { code: numbers[name], name }
}

/**
 * The code for a number of gRPC, without its prefix; undefined for OK, INTERNAL for a number gRPC does not have.
 *
 * It is not the way back: several codes share one status, and what is returned promises no more than the status does.
 *
 * @example
 * import { codeOfGrpc } from 'braidwire/rpc'
 * console.log(codeOfGrpc(5)) // 'NOT_FOUND'
 */
export function codeOfGrpc(number: number): CodeName | undefined {
  const name = names[number]
  return name === undefined ? 'INTERNAL' : codeOf[name]
}
