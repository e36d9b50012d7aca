// Whose shift runs in a page, and who is rung there.
import { beforeEach, expect, test, vi } from 'vitest'
import type { LiveEvent } from '../src/api/types'
import { MemoryStorage } from './memory'
import { anOperator } from './samples'

vi.mock('../src/shift/audio', () => ({ unlockAudio: () => undefined }))
vi.mock('../src/shift/mediaLeg', async () => {
  const { Store } = await import('../src/util/store')
  return {
    attach: async () => undefined,
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
