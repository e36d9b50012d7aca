// The network knows where the caller is, and the server could not fetch it.
import { expect, it } from 'vitest'
import type { TimelineEntry } from '../src/api/types'
import { unfetchedPlace } from '../src/form/unfetched'
import { aCall } from './samples'

const told = (call: string, kind: string, data: object) =>
  ({ seq: 1, at: '', actor: { who: 'system' }, kind, call, data }) as TimelineEntry

it('why the place is not there is said for its own call, until the place is known', () => {
  const timeline = [
    told('c', 'call.place_not_fetched', { why: 'busy' }),
    told('c', 'call.place_not_fetched', { why: 'not_allowed' }),
    told('c', 'call.facts_not_fetched', { why: 'silent' }),
    told('other', 'call.place_not_fetched', { why: 'silent' }),
  ]
  expect(unfetchedPlace(aCall(), timeline)).toBe('unfetched.not_allowed')
  expect(unfetchedPlace(aCall({ location: { civic: 'Simpang Kabil' } }), timeline)).toBeNull()
  expect(unfetchedPlace(aCall({ id: 'third' }), timeline)).toBeNull()
})

it('a reason of tomorrow is a refusal today', () =>
  expect(unfetchedPlace(aCall(), [told('c', 'call.place_not_fetched', {})])).toBe('unfetched.refused'))
