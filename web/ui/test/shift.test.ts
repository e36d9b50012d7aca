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
/** What the server refuses to do at the moment. */
let refused = ''
let answer: Promise<unknown> = Promise.resolve()
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
  refused = ''
  answer = Promise.resolve()
  attached = 0
  fails = 0
  vi.stubGlobal('window', { addEventListener: () => undefined })
  vi.stubGlobal('sessionStorage', new MemoryStorage())
  vi.stubGlobal('localStorage', new MemoryStorage())
  vi.stubGlobal('fetch', async (path: string, init?: RequestInit) => {
    const request = `${init?.method} ${path.replace('/api/v1', '')}`
    asked.push(request)
    await answer
    if (request === refused) return new Response(null, { status: 503 })
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

test('a headset that came back while the page heard nothing makes its operator ready by the next snapshot', async () => {
  const here = await page()
  await here.setReadiness({ state: 'ready' })
  here.hear(snapshot)
  await settled()
  expect(asked).toEqual(['PUT /shift/readiness', 'PUT /shift/readiness'])
})

test('a headset that comes back while the server is asked for a pause does not undo it', async () => {
  const here = await page()
  await here.setReadiness({ state: 'ready' })
  let answered = (_: null) => {}
  answer = new Promise((done) => {
    answered = done
  })
  const pause = here.setReadiness({ state: 'paused', reason: 'break' })
  here.hear(heardOf({ media_connected: true }))
  answered(null)
  await pause
  await settled()
  expect(asked).toEqual(['PUT /shift/readiness', 'PUT /shift/readiness'])
})

test('a headset that another page has makes nobody ready from here', async () => {
  const here = await page()
  await here.setReadiness({ state: 'ready' })
  const { media } = await import('../src/shift/mediaLeg')
  const before = media.get()
  media.set({ ...before, phase: 'elsewhere' })
  here.hear(heardOf({ media_connected: true }))
  await settled()
  media.set(before)
  expect(asked).toEqual(['PUT /shift/readiness'])
})

test('whoever begins anew after the shift was ended elsewhere is not ready before they say so', async () => {
  const here = await page()
  await here.setReadiness({ state: 'ready' })
  here.hear({ event: 'operator_left', operator: 'me' })
  expect(here.shift.get()).toBe('off')
  here.hear(snapshot)
  await settled()
  expect([here.shift.get(), asked]).toEqual(['on', ['PUT /shift/readiness']])
})

test('a restart during the test of the headset, after which no shift can be begun yet, leads back to its beginning', async () => {
  const here = await page()
  const { startShift } = await import('../src/shift/shift')
  await startShift()
  refused = 'POST /shift'
  here.hear(restarted)
  await settled()
  expect(here.shift.get()).toBe('off')
  refused = ''
  await startShift()
  expect([here.shift.get(), attached]).toEqual(['testing', 2])
})

test('a headset that fails to come back during the test leaves the page in the test, for more tries follow', async () => {
  const here = await page()
  const { startShift } = await import('../src/shift/shift')
  await startShift()
  fails = 1
  here.hear(restarted)
  await settled()
  expect([here.shift.get(), asked]).toEqual(['testing', ['POST /shift', 'POST /shift']])
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
