// What Bare leaves to packages and the rest of Braidwire, and the library for MessagePack too, take for granted: text to bytes and back,
// and abort signals. Whatever is there already stays. Loaded as `#platform`, before everything else.

import { AbortController, AbortSignal } from 'bare-abort-controller'
import { TextDecoder, TextEncoder } from 'bare-encoding'

for (const [name, value] of Object.entries({ AbortController, AbortSignal, TextDecoder, TextEncoder })) {
  if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
}
