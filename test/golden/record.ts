// Rewrites the golden transcripts. Run it on purpose, when the wire was meant to change: `node build/test/golden/record.js`.

import { names, play, stored, write } from './transcripts.ts'

for (const name of names()) write(name, play(name))
const stale = stored().filter((name) => !names().includes(name))
console.log(`${names().length} transcripts written${stale.length > 0 ? `; without a script: ${stale.join(', ')}` : ''}`)
