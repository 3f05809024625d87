// What a runtime has to be given before anything of Braidwire is loaded: nothing, in most. The entries import this as `#platform`, which
// leads to src/bare/globals.ts in Bare.

export {}
