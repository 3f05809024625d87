// MethodTable: which handler answers a method. By exact name, then the longest prefix. Knows no call.

import { nearest } from './nearest.ts'

/** How a method is answered, before it is known with what. */
export type Handler<Context> = (bytes: Uint8Array, context: Context) => unknown

export class MethodTable<Context> {
  /** Methods among the handlers: Braidwire's own, whose names start with `$`, are none. */
  count = 0
  private readonly exact = new Map<string, Handler<Context>>()
  /** Longest first. */
  private prefixes: { readonly prefix: string; readonly handler: Handler<Context> }[] = []

  /**
   * Adds a handler for a name, or for a pattern that ends in `*`. Returns a function that removes it.
   *
   * @throws TypeError when it has one already.
   */
  add(pattern: string, handler: Handler<Context>): () => void {
    if (typeof handler !== 'function') throw new TypeError('a handler is a function')
    const remove = pattern.endsWith('*')
      ? this.addPrefix(pattern.slice(0, -1), handler)
      : this.addExact(pattern, handler)
    const counted = pattern.startsWith('$') ? 0 : 1
    this.count += counted
    return () => {
      if (remove()) this.count -= counted
    }
  }

  find(method: string): Handler<Context> | undefined {
    const handler = this.exact.get(method)
    if (handler !== undefined || this.prefixes.length === 0) return handler
    // A pattern like `*` means the application's methods, not Braidwire's own.
    if (method.startsWith('$')) return undefined
    return this.prefixes.find(({ prefix }) => method.startsWith(prefix))?.handler
  }

  /** A registered name that is much like this one. */
  nearest(method: string): string | undefined {
    return nearest(method, this.exact.keys())
  }

  private addExact(name: string, handler: Handler<Context>): () => boolean {
    if (this.exact.has(name)) throw new TypeError(`"${name}" has a handler already`)
    this.exact.set(name, handler)
    return () => this.exact.get(name) === handler && this.exact.delete(name)
  }

  private addPrefix(prefix: string, handler: Handler<Context>): () => boolean {
    if (this.prefixes.some((entry) => entry.prefix === prefix)) {
      throw new TypeError(`"${prefix}*" has a handler already`)
    }
    const entry = { prefix, handler }
    this.prefixes = [...this.prefixes, entry].sort((one, other) => other.prefix.length - one.prefix.length)
    return () => {
      const before = this.prefixes.length
      this.prefixes = this.prefixes.filter((other) => other !== entry)
      return this.prefixes.length < before
    }
  }
}
