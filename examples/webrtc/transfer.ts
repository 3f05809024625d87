// A large file over a session, whose receiver answers with its SHA-256: the same code in a page and in Node.
import type { Session } from 'braidwire'

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const sha256 = async (bytes: Uint8Array<ArrayBuffer>) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

export function takeFiles(session: Session): void {
  session.handle('file', async (stream) => {
    const file = new Uint8Array(Number(stream.meta))
    let length = 0
    for await (const chunk of stream) {
      file.set(chunk, length)
      length += chunk.length
    }
    stream.write(await sha256(file))
    stream.end()
  })
}

/** Sends random bytes; tells whether the receiver got the same. */
export async function sendFile(session: Session, length: number): Promise<string> {
  const file = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(file.subarray(at, at + 65_536))
  const sum = hex(await sha256(file))
  const stream = session.open('file', { meta: length })
  stream.write(file)
  stream.end()
  let answer = ''
  for await (const chunk of stream) answer += hex(chunk)
  return `${length} bytes ${answer === sum ? 'arrived' : 'were damaged'}`
}
