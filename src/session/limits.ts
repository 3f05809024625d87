// Limits that layers above keep for a session, so that its `stats()` can show them with its own. Knows nothing of what they limit.

import type { LimitUse } from './ceiling.ts'
import type { Session } from './session.ts'

export type Limits = Readonly<Record<string, LimitUse>>

const added = new WeakMap<Session, (() => Limits)[]>()

/** From now on `session.stats().limits` has these as well; `read` is called each time. */
export function addLimits(session: Session, read: () => Limits): void {
  const readers = added.get(session)
  if (readers === undefined) added.set(session, [read])
  else readers.push(read)
}

/** What has been added, read now. */
export function addedLimits(session: Session): Limits {
  return Object.assign({}, ...(added.get(session) ?? []).map((read) => read())) as Limits
}
