// Two engines whose wire breaks: what the tests of resumption share. Has no tests of its own.

import assert from 'node:assert/strict'
import type { ResumeRequest, Ticket } from './contract.ts'
import { join, Side, zeros } from './harness.test.ts'

export const ID = zeros(16).fill(7)
export const SECRET = zeros(32).fill(9)

export function ticketOf(secret = 9, keepMs = 60_000): Ticket {
  return { id: ID, secret: zeros(32).fill(secret), keepMs }
}

/** Two engines that keep what they send, over one wire after the other. */
export class Broken {
  readonly a: Side
  readonly b: Side
  attempt = 0
  /** Bytes on the way. */
  toA: Uint8Array = zeros(0)
  toB: Uint8Array = zeros(0)
  readonly budget: number

  constructor(options = {}, budget = 65_536) {
    this.budget = budget
    this.a = new Side(options, { resume: true })
    this.b = new Side(options, { resume: true, waitForPreface: true })
    this.run()
    assert.equal(this.a.one('hello').mayResume, true)
    assert.equal(this.b.one('hello').mayResume, true)
    this.b.engine.issue(ticketOf())
    this.run()
    assert.deepEqual(this.a.one('ticket'), { type: 'ticket', keepMs: 60_000, resumed: false })
  }

  say(): void {
    this.toB = join([this.toB, ...this.a.output(this.budget)])
    this.toA = join([this.toA, ...this.b.output(this.budget)])
  }

  /** Lets so many bytes of what is on the way arrive. */
  carry(toB: number, toA: number): void {
    if (toB > 0) this.b.receive(this.toB.slice(0, toB))
    if (toA > 0) this.a.receive(this.toA.slice(0, toA))
    this.toB = this.toB.subarray(toB)
    this.toA = this.toA.subarray(toA)
  }

  run(): void {
    do {
      this.say()
      const [toB, toA] = [this.toB.length, this.toA.length]
      this.carry(toB, toA)
    } while (this.toA.length + this.toB.length > 0 || this.more())
  }

  private more(): boolean {
    this.say()
    return this.toA.length + this.toB.length > 0
  }

  /** What is on the way is lost. */
  cut(): void {
    this.toA = zeros(0)
    this.toB = zeros(0)
    assert.equal(this.a.engine.detach(), true)
    assert.equal(this.b.engine.detach(), true)
    assert.deepEqual([this.a.output(), this.b.output()], [[], []])
  }

  /** RESUME is read by another engine, as behind a listener. */
  redial(): ResumeRequest {
    this.attempt++
    this.a.engine.redial(this.attempt)
    const door = new Side({}, { waitForPreface: true })
    for (const chunk of this.a.output()) for (let i = 0; i < chunk.length; i++) door.receive(chunk.slice(i, i + 1))
    const { request } = door.one('resume')
    assert.deepEqual(door.output(), [])
    return request
  }

  resume(): void {
    const request = this.redial()
    this.b.engine.adopt(request.received, ticketOf(9 + this.attempt), this.b.now)
  }
}
