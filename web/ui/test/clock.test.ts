// A console counts by the server's clock, however wrong its own is.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const MACHINE = Date.parse('2026-11-28T10:00:00Z')
const user = { id: 'ayu', username: 'ayu', name: 'Ayu', role: 'operator', active: true } as const
const city = { name: 'Batam', center: { latitude: 1.1, longitude: 104 }, zone: 'Asia/Jakarta' }

beforeEach(() => {
  vi.useFakeTimers({ now: MACHINE })
  vi.resetModules()
})
afterEach(() => vi.useRealTimers())

/** A page of its own, and what the server's clock is ahead of the machine's there, in seconds. */
async function page() {
  const { serverNow, setClock } = await import('../src/util/now')
  return { setClock, ahead: () => (serverNow() - Date.now()) / 1000 }
}

it('the server says with the snapshot and from time to time what time it is', async () => {
  const { ahead } = await page()
  const { hear } = await import('../src/live/live')
  const { session } = await import('../src/session/session')
  session.set({ phase: 'in', user, city } as Parameters<typeof session.set>[0])
  expect(ahead()).toBe(0)
  const empty = { calls: [], operators: [], alarms: [], trunks: [] }
  hear({ event: 'snapshot', now: '2026-11-28T10:07:00Z', ...empty })
  expect(ahead()).toBe(420)
  vi.advanceTimersByTime(60_000)
  hear({ event: 'time', now: '2026-11-28T10:08:00Z' })
  expect(ahead()).toBe(420)
  // Somebody set the machine's clock right.
  vi.setSystemTime('2026-11-28T10:08:30Z')
  hear({ event: 'time', now: '2026-11-28T10:08:30Z' })
  expect(ahead()).toBe(0)
})

it('a message that was on its way for a moment sets nothing, and no more does one that says no time', async () => {
  const { ahead, setClock } = await page()
  setClock('2026-11-28T09:59:59.600Z')
  setClock('soon')
  expect(ahead()).toBe(0)
  setClock('2026-11-28T09:59:50Z')
  expect(ahead()).toBe(-10)
})
