// Which of a person's pages has the headset: the newest, on whatever machine, and none takes it back by itself.
import { describe, expect, it } from 'vitest'
import { afterLoss } from '../src/shift/afterLoss'

const lost = { closed: false, lasts: 0, online: true, attached: false as boolean | null }
const replaced = { ...lost, closed: true }

describe('a page that lost the headset', () => {
  it('attaches again at once when the network lost it and the server says that nobody has one', () =>
    expect(afterLoss(lost)).toBe('attach'))

  it('waits while the server has not noticed yet, and then takes it that another page has it', () => {
    expect(afterLoss({ ...lost, attached: true })).toBe('wait')
    expect(afterLoss({ ...lost, attached: true, lasts: 8_900 })).toBe('wait')
    expect(afterLoss({ ...lost, attached: true, lasts: 9_100 })).toBe('elsewhere')
  })

  it('waits while it does not hear the server, or the server knows of no shift', () => {
    expect(afterLoss({ ...lost, online: false, lasts: 60_000 })).toBe('wait')
    expect(afterLoss({ ...replaced, online: false, attached: true, lasts: 60_000 })).toBe('wait')
    expect(afterLoss({ ...lost, attached: null, lasts: 60_000 })).toBe('wait')
  })

  it('gives it away when the server closed it and another page is connected', () => {
    expect(afterLoss({ ...replaced, lasts: 1_100, attached: true })).toBe('elsewhere')
    // The server's word may still be that of before.
    expect(afterLoss({ ...replaced, lasts: 100, attached: true })).toBe('wait')
  })

  it('leaves the page that replaced it time to connect, and takes it back if that fails', () => {
    expect(afterLoss({ ...replaced, lasts: 3_900 })).toBe('wait')
    expect(afterLoss({ ...replaced, lasts: 4_100 })).toBe('attach')
  })
})

it('two machines do not take the headset from each other for ever', () => {
  // Each machine asks five times a second; who attaches closes the other's connection, and is connected 300 ms later.
  const STEP = 100
  const machines = [0, 1].map(() => ({ connected: false, lost: null as null | { at: number }, since: 0, given: false }))
  let connecting: { who: number; at: number } | null = null
  let attaches = 0
  const attach = (who: number, now: number) => {
    attaches += 1
    machines.forEach((one, i) => {
      if (i !== who && one.connected) Object.assign(one, { connected: false, lost: { at: now } })
    })
    Object.assign(machines[who] ?? {}, { lost: null, given: false })
    connecting = { who, at: now + 300 }
  }
  attach(0, 0)
  for (let now = 0; now < 120_000; now += STEP) {
    if (now === 10_000) attach(1, now)
    const due = connecting as { who: number; at: number } | null
    if (due && due.at <= now) {
      Object.assign(machines[due.who] ?? {}, { connected: true })
      connecting = null
    }
    const attached = machines.some(({ connected }) => connected)
    machines.forEach((one, who) => {
      if (!one.lost || one.given) return
      const next = afterLoss({ closed: true, lasts: now - one.lost.at, online: true, attached })
      if (next === 'attach') attach(who, now)
      if (next === 'elsewhere') one.given = true
    })
  }
  expect(attaches).toBe(2)
  expect(machines.map(({ connected, given }) => [connected, given])).toEqual([
    [false, true],
    [true, false],
  ])
})
