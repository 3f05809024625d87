// Rows about streams as such: opened and closed, at rest, beside one that is stuck, beside one that is greedy.

import type { Row } from '../row.ts'
import { beside } from '../workloads/beside.ts'
import { churn } from '../workloads/churn.ts'
import { idle } from '../workloads/idle.ts'
import { stuck } from '../workloads/stuck.ts'

const KiB = 1024

const IDLE = 100_000
const IDLE_RAISED = { maxConcurrentStreams: 2 ** 24, maxSessionMemory: 8192 }

export const lifeRows = {
  churn: {
    title: 'streams opened, one byte, closed; 64 at a time',
    path: 'tcp',
    workload: churn(64),
    contenders: ['net', 'http2', 'braidwire', 'braidwire-view'],
    peers: ['churn'],
    goals: [
      { of: 'W4', column: 'streamsPerS', atLeast: 400_000 },
      { of: 'W4', by: 'braidwire-view', column: 'streamsPerS', atLeast: 100_000 },
      { against: 'peers', column: 'streamsPerS', atLeast: 1 },
    ],
  },
  idle: {
    title: '100,000 idle open streams',
    path: 'tcp',
    workload: idle(IDLE),
    contenders: ['http2', 'braidwire', 'braidwire-view'],
    peers: ['streams'],
    // The first two look streams up one by one, the others hold 10 to 30 KB each.
    without: ['yamux', 'mplex', 'grpc-js', 'capnweb'],
    raised: {
      http2: IDLE_RAISED,
      braidwire: { maxStreams: 2 ** 24 },
      'braidwire-view': { maxStreams: 2 ** 24 },
    },
    goals: [
      { of: 'W5', column: 'heapBytes', atMost: 300 },
      { of: 'W5', column: 'rssBytes', atMost: 700 },
      { of: 'W5', by: 'braidwire-view', column: 'heapBytes', atMost: 1500 },
      { against: 'peers', column: 'heapBytes', atMost: 1 },
      { against: 'peers', column: 'rssBytes', atMost: 1 },
    ],
    once: true,
  },
  stuck: {
    title: 'one reader stops; 64 B calls beside it, 1 in flight',
    path: 'tcp',
    workload: stuck(64 * KiB, 64, 1000),
    contenders: ['net', 'http2', 'http2-tuned', 'braidwire'],
    peers: ['streams', 'calls'],
    goals: [
      // The window a stream starts with, what a sender keeps beyond it, and the chunk that was one too many.
      { of: 'W6', column: 'acceptedMib', atMost: (64 + 128 + 64) / KiB },
      { of: 'W6', column: 'p99Ratio', atMost: 1.3 },
      { of: 'W6', column: 'stalled', atMost: 0 },
    ],
    once: true,
  },
  beside: {
    title: '64 B calls, 1 in flight, beside one saturating stream',
    path: 'tcp',
    workload: beside(64 * KiB, 64),
    contenders: ['net', 'http2', 'http2-tuned', 'braidwire'],
    peers: ['streams', 'calls'],
    goals: [
      { of: 'W7', column: 'p50Ms', atMost: 0.12 },
      { of: 'W7', column: 'p99Ms', atMost: 0.5 },
      { of: 'W7', against: 'net', row: 'bulk', column: 'mibPerS', atLeast: 0.95 },
      { against: 'peers', column: 'p50Ms', atMost: 1 },
      { against: 'peers', column: 'p99Ms', atMost: 1 },
      { against: 'peers', column: 'mibPerS', atLeast: 1 },
    ],
  },
} as const satisfies Record<string, Row>
