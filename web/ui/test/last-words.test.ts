// An operator types and leaves the call at once: what was typed goes out first.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { act } from '../src/call/actions'
import { typists } from '../src/call/lastWords'
import { dial, handOver } from '../src/call/partyActions'
import { Typist } from '../src/call/typist'

vi.mock('../src/shift/audio', () => ({ stopPattern: () => undefined, unlockAudio: () => undefined }))
vi.mock('../src/shift/mediaLeg', () => ({
  media: { get: () => ({ phase: 'connected' }) },
  playCaller: async () => undefined,
}))
vi.mock('../src/shift/shift', () => ({ takeLegBack: async () => undefined }))

const AGENCY = { name: 'Damkar', number: '113' }
/** What the server was asked, in this order. */
let asked: string[]
let answer: () => Promise<unknown>

beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  answer = async () => undefined
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(url.replace('/api/v1/calls/c/', ''))
    return new Response(null, { status: 204 })
  })
  const typist = new Typist(
    (_, text) => {
      asked.push(`text ${text}`)
      return answer()
    },
    () => undefined,
    () => 'id',
  )
  typists.set('c', typist)
  typist.write('bantuan datang')
})
afterEach(() => {
  typists.clear()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

it('a call is hung up once the server has what was typed', async () => {
  await act('c', 'hangup')
  expect(asked).toEqual(['text bantuan datang', 'hangup'])
})

it('so is one that is left to others, or given away unseen; whoever stays goes on typing', async () => {
  await dial('c', AGENCY, 'consult')
  expect(asked).toEqual(['parties'])
  await handOver('c')
  expect(asked.slice(1)).toEqual(['text bantuan datang', 'handover'])
  typists.get('c')?.write('bantuan datang!')
  await dial('c', AGENCY, 'blind')
  expect(asked.slice(3)).toEqual(['text !', 'parties'])
})

it('letters that are on their way already are waited for, and a server that takes none holds nobody up for long', async () => {
  let arrive: (value: unknown) => void = () => undefined
  answer = () => new Promise((taken) => (arrive = taken))
  await vi.advanceTimersByTimeAsync(300)
  const first = act('c', 'hangup')
  await vi.advanceTimersByTimeAsync(900)
  expect(asked).toEqual(['text bantuan datang'])
  arrive(undefined)
  await first
  expect(asked).toEqual(['text bantuan datang', 'hangup'])

  typists.get('c')?.write('bantuan datang, tunggu')
  void act('c', 'hangup')
  await vi.advanceTimersByTimeAsync(1000)
  expect(asked.slice(2)).toEqual(['text , tunggu', 'hangup'])
})

it('where nothing is left to be sent nothing is waited for', async () => {
  await typists.get('c')?.flush()
  void act('c', 'hangup')
  expect(asked).toEqual(['text bantuan datang', 'hangup'])
  void act('other', 'hangup')
  expect(asked).toHaveLength(3)
})
