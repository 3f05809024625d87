// The public surface of 'braidwire/node': what needs Node beyond connect and listen.

export { type DuplexViewOptions, duplex } from './duplex.ts'
