// The top of the heap: why it is kept on Linux, and how. Knows no socket.

/** Just below the most that the allocator learns from. */
const LESSON_BYTES = 31 * 1024 * 1024

let kept = false

/**
 * Lets glibc keep up to twice so many free bytes at the top of the heap. By default it gives everything above 128 KiB back to the
 * system as soon as it is free; Node takes 64 KiB for each read of a socket, frees thousands of them at a time and takes as many
 * again: each page is then handed out anew, zeroed, which costs as much as all else that receiving does. glibc learns its
 * threshold from the largest block that was mapped and freed (mallopt(3), M_MMAP_THRESHOLD): here such a block is made and dropped,
 * once in a process. It is never written to, so that no memory stands behind it. Elsewhere than on Linux nothing is done.
 *
 * Answers whether it was done now.
 */
export function keepHeapTop(): boolean {
  const { platform, versions } = process
  if (kept || platform !== 'linux' || 'bun' in versions || 'deno' in versions) return false
  kept = true
  new ArrayBuffer(LESSON_BYTES)
  return true
}
