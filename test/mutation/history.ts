// Every bug that made multiplexers fail their users, as far as it can be told: to be injected one by one, or why not. Data only.

import { acknowledgements, credit, tuning } from './history-credit.ts'
import { deadlocks, ends, hung, resumption } from './history-life.ts'
import { identities, memory, sharing } from './history-state.ts'
import type { Injection, Reason } from './injection.ts'

const elsewhere: readonly Reason[] = [
  {
    bug: 'priorities mean nothing behind a deep socket buffer of the system',
    why: 'the system has that buffer, no line of this code; the pace bounds what goes into it, and its bugs are injected above',
  },
  {
    bug: 'a lock is taken twice, or held while another is waited for',
    why: 'there are no locks and no threads to hold them',
  },
  {
    bug: 'a stream window larger than the storage that was promised for it',
    why: 'nothing is set aside for a window; the budget that bounds them all has tests of its own with small sums',
  },
  {
    bug: 'promise chains keep every message alive',
    why: 'no chain is built for messages; no single place could begin one. The heap is looked at after collection by the tests of long sessions',
  },
  {
    bug: 'pipelined calls: one message, unbounded work',
    why: 'calls cannot be made on results that have not come',
  },
]

export const history: readonly (Injection | Reason)[] = [
  ...credit,
  ...tuning,
  ...acknowledgements,
  ...resumption,
  ...deadlocks,
  ...hung,
  ...ends,
  ...identities,
  ...memory,
  ...sharing,
  ...elsewhere,
]
