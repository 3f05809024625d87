// A promise with its two ends in one object. It never counts as unhandled: nobody has to watch what Braidwire promises.

function ignore(): void {}

/** Marks a promise as watched, so that its rejection kills no process. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.then(undefined, ignore)
  return promise
}

/** A promise that somebody else settles. */
export class Deferred<T> {
  readonly promise: Promise<T>
  /** With what is there: a promise it followed could fail unwatched. */
  resolve!: (value: T) => void
  private fail!: (error: unknown) => void

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve
      this.fail = reject
    })
  }

  reject(error: unknown): void {
    // Not before: what watches a promise is larger than the promise, and most are never rejected.
    quiet(this.promise)
    this.fail(error)
  }
}

/** Something a handler returned that will settle later. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/** Calls somebody whose answer nobody needs; `failed` gets what he throws, now or later. */
export function tell(whom: () => unknown, failed: (cause: unknown) => void): void {
  try {
    const result = whom()
    if (isThenable(result)) result.then(undefined, failed)
  } catch (thrown) {
    failed(thrown)
  }
}
