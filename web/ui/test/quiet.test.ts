// Refusals that mean that what was wanted is so already, and words for those that do not.
import { expect, it } from 'vitest'
import { ApiError } from '../src/api/client'
import { again } from '../src/api/queries'
import { alreadyDone } from '../src/call/alreadyDone'
import { wanting } from '../src/dispatch/suggestion'
import { sayError } from '../src/i18n/errors'
import id from '../src/i18n/id.json'

it('what the server refuses is not asked again; what may come back is, twice', () => {
  expect(again(0, new ApiError(404, 'not_found', ''))).toBe(false)
  expect(again(0, new ApiError(409, 'busy', ''))).toBe(false)
  expect(again(0, new ApiError(0, 'unreachable', ''))).toBe(true)
  expect(again(1, new ApiError(503, 'store', ''))).toBe(true)
  expect(again(2, new ApiError(503, 'store', ''))).toBe(false)
})

it('a refused field is named in the language of the console', () => {
  const refused = (field: string) => new ApiError(422, 'invalid', 'english', { error: { field } })
  expect(sayError(refused('incident_type'))).toBe(id['error.invalid.incident_type'])
  expect(sayError(refused('unheard_of'))).toContain('english')
})

it('the form says what stands between it and a dispatch, most pressing first', () => {
  const ready = { mine: true, closed: false, missing: false, type: true, incident: false }
  expect(wanting(ready)).toBeNull()
  expect(wanting({ ...ready, type: false })).toBe('type')
  expect(wanting({ ...ready, type: false, incident: true })).toBeNull()
  expect(wanting({ ...ready, type: false, missing: true })).toBe('place')
  expect(wanting({ ...ready, closed: true, missing: true })).toBe('closed')
  expect(wanting({ ...ready, mine: false, closed: true })).toBe('answer')
})

it('hanging up what is over already, or passing on what another has, is no error', () => {
  const over = new ApiError(409, 'no_such_call', '')
  expect(alreadyDone(over, 'hangup')).toBe(true)
  expect(alreadyDone(over, 'decline')).toBe(true)
  expect(alreadyDone(over, 'answer')).toBe(false)
  expect(alreadyDone(new ApiError(409, 'taken_by_another', ''), 'decline')).toBe(true)
  expect(alreadyDone(new ApiError(409, 'taken_by_another', ''), 'answer')).toBe(false)
  expect(alreadyDone(new ApiError(0, 'unreachable', ''), 'hangup')).toBe(false)
})
