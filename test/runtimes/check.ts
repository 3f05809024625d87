// What the cases of the suite say with: assertions, bytes that can be told apart, waiting for a moment. For every runtime, so it
// uses nothing but the language.

/** Fails with a sentence. */
export function check(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(sentence)
}

/** The same values, by what JSON says of them. */
export function same(actual: unknown, expected: unknown, what = 'the value'): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)]
  check(one === other, `${what} is ${one}, not ${other}`)
}

/** The error a promise is rejected with, whose code must be this one, without `BRAID_`. */
export async function fails(promise: PromiseLike<unknown>, code: string): Promise<Error & { executed?: string }> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  check(error !== undefined, `nothing failed, where ${code} was expected`)
  same((error as { code?: string }).code, `BRAID_${code}`, `the code of "${String(error)}"`)
  return error as Error
}

/** So many bytes, each told by where it stands. */
export function pattern(length: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = ((from + i) * 31 + ((from + i) >> 8)) & 0xff
  return bytes
}

/** Whether these bytes are what `pattern` has there. */
export function fits(bytes: Uint8Array, from = 0): boolean {
  const expected = pattern(bytes.length, from)
  return bytes.every((byte, index) => byte === expected[index])
}

/** Reads to the end, and checks that the bytes are those of `pattern`. */
export async function readPattern(stream: AsyncIterable<Uint8Array>, length: number): Promise<void> {
  let seen = 0
  for await (const chunk of stream) {
    check(fits(chunk, seen), `bytes from ${seen} on are not those that were sent`)
    seen += chunk.length
  }
  same(seen, length, 'the number of bytes')
}

/** A promise and what settles it. */
export function moment<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
