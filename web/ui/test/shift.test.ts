// Whose shift runs in a page, and who is rung there.
import { beforeEach, expect, test, vi } from 'vitest'
import type { LiveEvent } from '../src/api/types'
import { MemoryStorage } from './memory'
import { anOperator } from './samples'

vi.mock('../src/shift/audio', () => ({ unlockAudio: () => undefined }))
vi.mock('../src/shift/mediaLeg', async () => {
  const { Store } = await import('../src/util/store')
  return {
    attach: async () => {
      attached += 1
      if (fails > 0) {
        fails -= 1
        throw new Error('media failed')
      }
    },
    connectedFor: () => 0,
    detach: () => undefined,
    media: new Store({ phase: 'connected' }),
    playCaller: async () => undefined,
  }
})

const preparing = anOperator({ state: { state: 'preparing' } })
const snapshot = {
  event: 'snapshot',
  calls: [],
  operators: [preparing],
  alarms: [],
  trunks: [],
  now: '2026-11-23T08:00:00Z',
} as LiveEvent
const user = { id: 'me', username: 'ayu', name: 'Ayu', role: 'operator', active: true, skills: [], languages: [] }
const city = { name: 'Batam', center: { latitude: 1.1, longitude: 104 }, zone: 'Asia/Jakarta' }

let asked: string[] = []
let attached = 0
let fails = 0

async function page() {
  const { session, signOut } = await import('../src/session/session')
  const { runShift, setReadiness, shift } = await import('../src/shift/shift')
  const { hear } = await import('../src/live/live')
  session.set({ phase: 'in', user, city } as ReturnType<typeof session.get>)
  runShift()
  return { hear, session, setReadiness, shift, signOut }
}

beforeEach(() => {
  vi.resetModules()
  asked = []
  attached = 0
  fails = 0
  vi.stubGlobal('window', { addEventListener: () => undefined })
  vi.stubGlobal('sessionStorage', new MemoryStorage())
  vi.stubGlobal('localStorage', new MemoryStorage())
  vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
    asked.push(`${init?.method} ${path.replace('/api/v1', '')}`)
    return new Response(null, { status: 204 })
  })
})

const settled = () => new Promise((done) => setTimeout(done, 0))

test('a reload in the middle of a shift is ready again by itself', async () => {
  const here = await page()
  await here.setReadiness({ state: 'ready' })
  here.shift.set('unknown')
  here.hear(snapshot)
  await settled()
  expect(asked).toEqual(['PUT /shift/readiness', 'PUT /shift/readiness'])
})

const restarted = { ...snapshot, operators: [] } as LiveEvent
const heardOf = (change: object) => ({ event: 'operator', operator: { ...preparing, ...change } }) as LiveEvent

test('after a restart whose first try to attach fails the operator is ready again with the headset that comes later', async () => {
  const here = await page()
  await here.setReadiness({ state: 'ready' })
  fails = 1
  here.hear(restarted)
  await settled()
  expect(asked.slice(1)).toEqual(['POST /shift'])
  here.hear(heardOf({ media_connected: false }))
  await settled()
  expect(asked.slice(2)).toEqual([])
  here.hear(heardOf({ media_connected: true }))
  await settled()
  expect(asked.slice(2)).toEqual(['PUT /shift/readiness'])
})

test('whoever has paused is not ready because the headset is back', async () => {
  const here = await page()
  await here.setReadiness({ state: 'paused', reason: 'break' } as Parameters<typeof here.setReadiness>[0])
  here.hear(heardOf({ media_connected: true }))
  await settled()
  expect(asked).toEqual(['PUT /shift/readiness'])
})

test('a restart during the test of the headset begins the shift again, and the test goes on', async () => {
  const here = await page()
  const { startShift } = await import('../src/shift/shift')
  await startShift()
  here.hear(restarted)
  await settled()
  expect([asked, attached, here.shift.get()]).toEqual([['POST /shift', 'POST /shift'], 2, 'testing'])
})

test('whoever signs in after a sign-out is not ready before they say so', async () => {
  const here = await page()
  await here.setReadiness({ state: 'ready' })
  await here.signOut()
  expect(here.shift.get()).toBe('unknown')
  here.session.set({ phase: 'in', user, city } as ReturnType<typeof here.session.get>)
  // Begun, and the page was loaded again during the headset's test.
  here.hear(snapshot)
  await settled()
  expect(asked).toEqual(['PUT /shift/readiness', 'DELETE /session'])
})
