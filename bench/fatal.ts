// How a process of the benchmark fails. Knows nothing of what failed.

/** A failed call or stream would spoil the figures in silence: the process ends with its error, out of reach of any promise. */
export function fatal(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}
