// How a bug to be injected is told: text of compiled code and what takes its place, and the tests that must notice.

export interface Patch {
  /** Compiled file below dist. */
  readonly file: string
  /** There exactly once. */
  readonly find: string
  readonly put: string
}

/** A bug that can be injected. */
export interface Injection {
  readonly bug: string
  readonly patches: readonly Patch[]
  /** Where tests are looked for: folders of compiled tests, single ones, or `seeds:n`. */
  readonly tests: readonly string[]
}

/** One that cannot, and why. */
export interface Reason {
  readonly bug: string
  readonly why: string
}

export const engine = ['dist/engine']
export const session = ['dist/session']
export const conformance = ['build/test/conformance']

/** A bug of one place: these tests must notice when in this file `find` is replaced. */
export function inject(bug: string, tests: readonly string[], file: string, find: string, put: string): Injection {
  return { bug, tests, patches: [{ file, find, put }] }
}
