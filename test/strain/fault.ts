// What a fault is: a name, and how it is inflicted and judged.

import type { Row } from '../rows.ts'

export type Form = 'full' | 'quick'

export interface Fault {
  readonly id: string
  readonly name: string
  /** Inflicts it and tells what came of it. */
  readonly run: (form: Form) => Promise<readonly Omit<Row, 'id'>[]>
}
