// Names of streams, text here and bytes on the wire. Most streams are called as the one before, so the last name is kept, and
// neither made text nor bytes again. Knows no stream.

import { decodeText, encodeText } from './wire.ts'

/** Names on their way out. */
export class NameEncoder {
  private text = ''
  private bytes: Uint8Array = new Uint8Array(0)

  /** UTF-8, which is shared: not to be changed. */
  encode(text: string): Uint8Array {
    if (text !== this.text) {
      this.bytes = encodeText(text)
      this.text = text
    }
    return this.bytes
  }
}

/** Names that come. */
export class NameDecoder {
  private text = ''
  private bytes: Uint8Array = new Uint8Array(0)

  /** Undefined when it is not valid UTF-8. */
  decode(bytes: Uint8Array): string | undefined {
    if (this.isLast(bytes)) return this.text
    const text = decodeText(bytes)
    if (text !== undefined) {
      this.text = text
      // Copied: it must not keep alive what it came in.
      this.bytes = bytes.slice()
    }
    return text
  }

  private isLast(bytes: Uint8Array): boolean {
    const { length } = bytes
    if (length !== this.bytes.length) return false
    for (let at = 0; at < length; at++) if (bytes[at] !== this.bytes[at]) return false
    return true
  }
}
