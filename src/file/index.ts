// The public names of 'braidwire/file'. Users' names first, then those for authors of sources, sinks and servers.

import '#platform'

export { type FileEntry, type Listing, type ListOptions, listFiles } from './list.ts'
export { pathFault } from './path.ts'
export { fetchFile, receiveFile } from './receive.ts'
export { sendFile, type TransferOptions, type TransferReport } from './send.ts'
export {
  type BlobLike,
  type BytesSink,
  blobSource,
  bytesSink,
  type FileHash,
  type FileInfo,
  type FileSink,
  type FileSource,
} from './source.ts'
