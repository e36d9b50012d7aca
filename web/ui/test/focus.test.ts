import { expect, it } from 'vitest'
import { nextFocus } from '../src/form/focus'

const away = { inForm: false, lost: false }
const lost = { inForm: false, lost: true }
const typing = { inForm: true, lost: false }

it('answering puts the keyboard into the place, unless somebody types into the form already', () => {
  expect(nextFocus('ringing', 'active', lost)).toBe('place')
  expect(nextFocus('ringing', 'active', away)).toBe('place')
  expect(nextFocus('ringing', 'active', typing)).toBeNull()
})

it('coming back to a call takes the keyboard only if it is nowhere', () => {
  expect(nextFocus(null, 'active', lost)).toBe('place')
  expect(nextFocus(null, 'active', away)).toBeNull()
  expect(nextFocus(null, 'ringing', lost)).toBeNull()
  expect(nextFocus('held', 'active', away)).toBeNull()
  expect(nextFocus('detached', 'active', away)).toBeNull()
})

it('the end of a call never takes the keyboard away from somebody who has it', () => {
  expect(nextFocus('active', 'ended', typing)).toBeNull()
  expect(nextFocus('active', 'ended', away)).toBeNull()
  expect(nextFocus('active', 'ended', lost)).toBe('close')
  expect(nextFocus('fallback', 'ended', lost)).toBeNull()
})

it('calling out begins in the place, and the answer moves nobody', () => {
  expect(nextFocus(null, 'calling', lost)).toBe('place')
  expect(nextFocus('calling', 'active', away)).toBeNull()
})

it('a caller who was given away leaves the operator at the end of the report', () => {
  expect(nextFocus('active', 'transferred', lost)).toBe('close')
  expect(nextFocus('transferred', 'ended', lost)).toBeNull()
})
