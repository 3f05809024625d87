// How a transfer that fails tells the other side, and how a signal ends one.
// Turns whatever was thrown into a BraidError; text of unknown errors stays on this side.

import { BraidError, type CodeName } from '../engine/errors.ts'
import type { Stream } from '../session/stream.ts'

/** Resets what is still open of the stream with the error's code, and returns the error to throw. */
export function failStream(stream: Stream, thrown: unknown): BraidError {
  const error = asBraidError(thrown)
  const code = error.code.slice('BRAID_'.length) as CodeName
  stream.reset(code, code === 'INTERNAL' ? undefined : error.message)
  return error
}

/** Resets the stream when the signal aborts; returns how to stop watching. */
export function cancelOn(signal: AbortSignal | undefined, stream: Stream): () => void {
  if (signal === undefined) return () => {}
  const cancel = (): void => stream.reset('CANCELLED', 'the transfer was given up')
  if (signal.aborted) cancel()
  else signal.addEventListener('abort', cancel, { once: true })
  return () => signal.removeEventListener('abort', cancel)
}

/** The error itself, or INTERNAL with it as the cause. */
export function asBraidError(thrown: unknown): BraidError {
  if (thrown instanceof BraidError) return thrown
  return new BraidError('INTERNAL', thrown instanceof Error ? thrown.message : 'the transfer failed', {
    scope: 'stream',
    cause: thrown,
  })
}
