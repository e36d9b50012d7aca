// Who hears an alarm, and how loud.
import { expect, it } from 'vitest'
import { alarmVolume } from '../src/alarms/volume'

const nobody = { alarms: 1, rings: false, talks: false, shift: false, watching: false }
const working = { ...nobody, shift: true }
const watching = { ...nobody, watching: true }

it('an alarm sounds on a shift and for who looks on without one, and nowhere else', () => {
  expect(alarmVolume(working)).toBeGreaterThan(0)
  expect(alarmVolume(watching)).toBe(alarmVolume(working))
  expect(alarmVolume(nobody)).toBeNull()
})

it('an alarm is quiet while talking, and silent under a ringing call or when all are seen to', () => {
  expect(alarmVolume({ ...working, talks: true })).toBeLessThan(alarmVolume(working) ?? 0)
  expect(alarmVolume({ ...working, rings: true })).toBeNull()
  expect(alarmVolume({ ...watching, alarms: 0 })).toBeNull()
})
