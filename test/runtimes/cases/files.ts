// Files in every runtime, over every transport, from memory to memory. The sum of their bytes is handed in, as everywhere.

import { type BlobLike, blobSource, bytesSink, type FileHash, receiveFile, sendFile } from 'braidwire/file'
import { check, fails, fits, pattern, same } from '../check.ts'
import type { Case } from '../suite.ts'

/** FNV-1a in place of SHA-256, which not every runtime has at hand. */
function sum(): FileHash {
  let state = 0x811c9dc5
  return {
    update(bytes) {
      for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193)
    },
    digest: () => (state >>> 0).toString(16).padStart(64, '0'),
  }
}

function blob(bytes: Uint8Array): BlobLike {
  return {
    size: bytes.length,
    lastModified: 1_700_000_000_000,
    slice: (start, end) => ({ arrayBuffer: async () => bytes.slice(start, end).buffer as ArrayBuffer }),
  }
}

export const fileCases: readonly Case[] = [
  {
    name: 'a file is sent and received, with progress',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      acceptor.handle('file', (stream) => sendFile(stream, blobSource(blob(pattern(1_000_000)), sum())))
      const sink = bytesSink(sum())
      let last = 0
      const progress = (done: number) => {
        last = done
      }
      const report = await receiveFile(dialer.open('file'), sink, { progress })
      same([report.size, last, sink.bytes?.length], [1_000_000, 1_000_000, 1_000_000], 'the sizes')
      check(sink.bytes !== undefined && fits(sink.bytes), 'other bytes came than were sent')
    },
  },
  {
    name: 'a file goes on where it was left, and one that is too large is refused',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const whole = pattern(300_000)
      acceptor.handle('file', (stream) => sendFile(stream, blobSource(blob(whole), sum())))
      const hash = sum()
      hash.update(whole.subarray(0, 100_000))
      const rest = { ...bytesSink(hash), offset: 100_000 }
      const report = await receiveFile(dialer.open('file', { meta: { offset: 100_000 } }), rest)
      same([report.bytes, report.size], [200_000, 300_000], 'the sizes')
      await fails(receiveFile(dialer.open('file'), bytesSink(sum(), 1000)), 'EXHAUSTED')
    },
  },
  {
    name: 'a file that changes on its way is no file, and a transfer can be given up',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const wrong = { ...sum(), digest: () => '0'.repeat(64) }
      acceptor.handle('wrong', (stream) => sendFile(stream, blobSource(blob(pattern(1000)), wrong)))
      acceptor.handle('file', (stream) => sendFile(stream, blobSource(blob(pattern(3_000_000)), sum())))
      const sink = bytesSink(sum())
      await fails(receiveFile(dialer.open('wrong'), sink), 'INTEGRITY')
      same(sink.bytes, undefined, 'what is kept of it')
      const controller = new AbortController()
      const progress = () => controller.abort()
      await fails(
        receiveFile(dialer.open('file'), bytesSink(sum()), { progress, signal: controller.signal }),
        'CANCELLED',
      )
    },
  },
]
