// Removes everything that is made from the sources. Dependencies stay.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './ensure.mjs'

for (const made of ['dist', 'build', 'coverage']) rmSync(join(root, made), { recursive: true, force: true })
