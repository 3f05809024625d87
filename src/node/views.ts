// The public surface of 'braidwire/node': what makes the shapes of Node out of those of Braidwire.

export { type Certificate, selfSigned } from './certificate.ts'
export { type DuplexViewOptions, duplex } from './duplex.ts'
export { type FileSinkOptions, fileSink, fileSource, sha256 } from './file.ts'
export { type FilePlace, type FileRoot, type FileRootOptions, openRoot } from './file-root.ts'
export { type ServeFilesOptions, serveFiles } from './file-serve.ts'
export { type CallMessage, diagnostics } from './rpc-diagnostics.ts'
export { structuredCloneCodec } from './structured-clone.ts'
