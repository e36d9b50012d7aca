// Who hears an alarm, how loud, and what it says.
import { afterEach, expect, it, vi } from 'vitest'
import { acknowledgeLine, silenced } from '../src/alarms/alarms'
import { linesOf } from '../src/alarms/lines'
import { sayAlarm, sayLine } from '../src/alarms/say'
import { alarmVolume } from '../src/alarms/volume'
import type { AlarmView } from '../src/api/types'

// Only what is told, and to whom, is looked at here: no page, no sound.
vi.mock('../src/shift/audio', () => ({ startPattern: () => undefined, stopPattern: () => undefined }))
vi.mock('../src/shift/shift', () => ({ shift: { get: () => 'on', subscribe: () => undefined } }))
vi.mock('../src/shift/watching', () => ({ watching: { get: () => false, subscribe: () => undefined } }))

afterEach(() => {
  vi.unstubAllGlobals()
  silenced.set(new Set())
})

const at = (id: string, minute: number, kind: AlarmView['kind']): AlarmView => ({
  id,
  raised_at: `2026-11-23T08:0${minute}:00Z`,
  kind,
})
const waits = (id: string, minute: number) => at(id, minute, { kind: 'nobody_ready', call: id })
const ids = (lines: ReturnType<typeof linesOf>) =>
  lines.map(({ first, others }) => [first.id, ...others.map(({ id }) => id)])

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

it('a crowd that waits is one line, behind who is in a call and not heard and behind a team that does not answer', () => {
  const team = { incident: 'i', incident_number: '20261123-0007', team_name: 'Regu 1', dispatch: 'd' }
  const lines = linesOf([
    waits('b', 2),
    waits('a', 1),
    at('gap', 0, { kind: 'recording_gap', call: 'g' }),
    at('late', 5, { kind: 'unacknowledged', ...team }),
    at('silent', 6, { kind: 'one_way_audio', call: 's', silent: 'caller' }),
    at('lost', 4, { kind: 'operator_lost', call: 'l', operator: 'o', operator_name: 'Ayu' }),
    waits('c', 3),
  ])
  expect(ids(lines)).toEqual([['lost'], ['silent'], ['late'], ['a', 'b', 'c'], ['gap']])
  expect(lines.slice(3).map(sayLine)).toEqual([
    '3 panggilan menunggu dan tidak ada operator siap',
    sayAlarm({ id: 'gap', raised_at: '', kind: { kind: 'recording_gap', call: 'g' } }),
  ])
})

it('calls whose sound is being lost come before a crowd that waits, as one line too', () => {
  const fails = (id: string, minute: number) => at(id, minute, { kind: 'recording_failing', call: id })
  const lines = linesOf([waits('a', 1), fails('r', 3), waits('b', 2), fails('s', 4)])
  expect(ids(lines)).toEqual([
    ['r', 's'],
    ['a', 'b'],
  ])
  expect(lines.map(sayLine)[0]).toBe('Suara 2 panggilan gagal direkam. Beri tahu pengawas')
})

it('who did not answer is told once, with how many calls', () => {
  const missed = (id: string, minute: number, name: string) =>
    at(id, minute, { kind: 'unanswered', call: id, operator: name, operator_name: name })
  const lines = linesOf([missed('a', 1, 'Ayu'), missed('b', 2, 'Bagus'), missed('c', 3, 'Ayu')])
  expect(lines.map(sayLine)).toEqual(['Ayu tidak menjawab 2 panggilan', 'Bagus tidak menjawab panggilan'])
})

it('a crowd is acknowledged by one press, and what the server does not take stays', async () => {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path.replace('/api/v1/alarms/', ''))
    return new Response(null, { status: path.includes('/b/') ? 503 : 204 })
  })
  const [line] = linesOf([waits('a', 1), waits('b', 2), waits('c', 3)])
  if (!line) throw new Error('no line')
  await expect(acknowledgeLine(line)).rejects.toMatchObject({ status: 503 })
  expect(asked).toEqual(['a/acknowledge', 'b/acknowledge', 'c/acknowledge'])
  expect([...silenced.get()]).toEqual(['a', 'c'])
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
