// The measuring process: one kind of measurement, on a heap that nothing else has touched.

import { answering } from './child.ts'
import { churn } from './churn.ts'
import { flight } from './flight.ts'
import type { Plot } from './series.ts'
import { sessions } from './sessions.ts'
import { streams } from './streams.ts'

/** A kind of measurement and how far it goes. */
export interface Part {
  readonly kind: Kind
  readonly most: number
}

const kinds = { streams, sessions, churn, flight } as const
export type Kind = keyof typeof kinds

const line = answering({
  measure: ({ kind, most }: Part): Promise<Plot[]> => kinds[kind](most, (text) => void line.ask('tell', text)),
})
