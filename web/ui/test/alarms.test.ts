// Who hears an alarm, how loud, and what it says.
import { expect, it } from 'vitest'
import { sayAlarm } from '../src/alarms/say'
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

it('a machine’s alert says what it is about and what to do next', () => {
  const kind = { kind: 'machine_alert', incident: 'i', incident_number: '20261123-0007', event: 'Kebakaran' } as const
  expect(sayAlarm({ id: 'a', raised_at: '', kind })).toBe(
    'Peringatan alat, kejadian 20261123-0007: Kebakaran. Buka kejadiannya dan kirim tim',
  )
})

it('a bound past which no call is refused says what happens instead', () => {
  const alarm = (limit: string) => sayAlarm({ id: 'a', raised_at: '', kind: { kind: 'limit_reached', limit } })
  expect(alarm('rtp_ports')).toContain('Port suara (RTP) penuh: panggilan baru ditolak')
  expect(alarm('fallback')).toContain('penelepon tetap menunggu')
  expect(alarm('of tomorrow')).toContain('of tomorrow penuh')
})

it('a line that is down is told in the language of the console, with the code that says so', () => {
  const alarm = (code: number | null) =>
    sayAlarm({ id: 'a', raised_at: '', kind: { kind: 'trunk_down', trunk: 'telkom', why: 'refuses', code } })
  expect(alarm(null)).toContain('Trunk telkom putus (menolak panggilan):')
  expect(alarm(503)).toContain('(menolak panggilan, kode 503)')
})
