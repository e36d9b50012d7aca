import { expect, test } from 'vitest'
import type { LiveEvent, PhoneView } from '../src/api/types'
import { INITIAL, reduce } from '../src/live/state'
import { choosable, handset, isLost } from '../src/shift/phone'
import { anOperator } from './samples'

const aPhone = (change: Partial<PhoneView> = {}): PhoneView => ({
  name: 'meja-1',
  state: 'registered',
  since: '2026-11-23T07:00:00Z',
  belongs_to: null,
  operator: null,
  ...change,
})
const me = { id: 'me', username: 'ayu' }
const named = (...phones: PhoneView[]) => Object.fromEntries(phones.map((phone) => [phone.name, phone]))

test('only a phone that is there, free and nobody else’s may be chosen', () => {
  const phones = named(
    aPhone({ name: 'free' }),
    aPhone({ name: 'own', belongs_to: 'ayu' }),
    aPhone({ name: 'in-use-by-me', operator: 'me' }),
    aPhone({ name: 'away', state: 'away' }),
    aPhone({ name: 'anothers', belongs_to: 'bagus' }),
    aPhone({ name: 'taken', operator: 'bagus' }),
  )
  expect(choosable(phones, me).map(({ name }) => name)).toEqual(['free', 'own', 'in-use-by-me'])
})

test('a phone that rings for a call that is mine already is to be lifted', () => {
  const operator = anOperator({ phone: 'meja-1', state: { state: 'ringing' } })
  const ringing = named(aPhone({ state: 'ringing' }))
  expect(handset(operator, ringing)).toBe('ringing')
  expect(handset({ ...operator, state: { state: 'busy' } }, ringing)).toBe('lift')
  expect(handset({ ...operator, state: { state: 'busy' } }, named(aPhone({ state: 'off_hook' })))).toBe('off_hook')
  expect(handset(operator, {})).toBe('away')
  expect(handset(anOperator(), ringing)).toBeNull()
})

test('who works with a phone needs no page', () => {
  expect(isLost(anOperator({ browser_connected: false }))).toBe(true)
  expect(isLost(anOperator({ browser_connected: false, phone: 'meja-1' }))).toBe(false)
  expect(isLost(anOperator({ media_connected: false, phone: 'meja-1' }))).toBe(true)
})

test('phones come with the snapshot and change with events', () => {
  const snapshot = {
    event: 'snapshot',
    now: '2026-11-28T10:00:00Z',
    calls: [],
    operators: [],
    alarms: [],
    trunks: [],
    phones: [aPhone()],
  } as LiveEvent
  const known = reduce(INITIAL, snapshot, 'me')
  expect(known.phones['meja-1']?.state).toBe('registered')
  const rung = reduce(known, { event: 'phone', phone: aPhone({ state: 'ringing' }) }, 'me')
  expect(rung.phones['meja-1']?.state).toBe('ringing')
})
