// The timeline's sentences about calls to others, supervisors and the sound.
import { describe, expect, it } from 'vitest'
import type { TimelineEntry } from '../src/api/types'
import id from '../src/i18n/id.json'
import { heardIn, heardOf } from '../src/timeline/heard'
import { around, sentence, who } from '../src/timeline/sentence'

const say = (kind: string, data: Record<string, unknown> = {}) =>
  sentence({ seq: 1, at: '', actor: { who: 'system' }, kind, data } as TimelineEntry)

it('every kind has a sentence of its own', () => {
  const kinds = [
    'call.party_dialled',
    'call.party_joined',
    'call.party_left',
    'call.merged',
    'call.handed_over',
    'call.transferred',
    'call.monitored',
    'call.silent_prompt',
    'call.digit',
    'call.text',
    'call.text_opened',
    'call.text_closed',
    'call.quality',
    'call.outbound_dialled',
    'call.outbound_answered',
    'call.place_not_fetched',
    'call.facts_not_fetched',
    'alert.received',
    'callback.claimed',
    'callback.released',
    'callback.closed',
    'callback.reopened',
    'reputation.lowered',
    'reputation.restored',
    'dispatch.withdrawn',
  ]
  expect(kinds.filter((kind) => !(`event.${kind}` in id))).toEqual([])
})

const event = (kind: string, data: Record<string, unknown>) =>
  ({ seq: 1, at: '', actor: { who: 'system' }, kind, data }) as TimelineEntry

it('a party is named, by its number if it has no name, with how it was called', () => {
  expect(say('call.party_dialled', { party: 'p', name: 'Damkar', number: '0778100', mode: 'consult' })).toBe(
    'Pihak lain ditelepon · Damkar · Konsultasi',
  )
  expect(say('call.merged')).toBe('Semua digabung')
})

it('later events of a party have its name from the one that dialled it', () => {
  const others = around([
    event('call.party_dialled', { party: 'p', name: 'Damkar', number: '0778100' }),
    event('call.party_dialled', { party: 'q', name: null, number: '0811770' }),
  ])
  expect(sentence(event('call.party_joined', { party: 'p' }), others)).toBe('Pihak lain ikut bicara · Damkar')
  expect(sentence(event('call.party_left', { party: 'q', why: 'not_answered' }), others)).toBe(
    'Pihak lain keluar · 0811770 · tidak menjawab',
  )
  const busy = { party: 'q', why: 'not_answered', unreached: 'busy', code: 486 }
  expect(sentence(event('call.party_left', busy), others)).toBe('Pihak lain keluar · 0811770 · sibuk (486)')
  expect(sentence(event('call.transferred', { party: 'p' }), others)).toBe('Penelepon dialihkan langsung · Damkar')
  expect(sentence(event('call.party_joined', { party: 'unheard of' }), others)).toBe('Pihak lain ikut bicara')
})

it('who was called is no caller', () => {
  const call = (kind: string, data = {}) =>
    ({ ...event(kind, data), call: 'c', actor: { who: 'caller' } }) as TimelineEntry
  const others = around([call('call.outbound_dialled')])
  expect(sentence(call('call.ended', { by: 'caller' }), others)).toBe('Panggilan selesai · Yang ditelepon menutup')
  expect(who(call('call.ended'), others)).toBe('Yang ditelepon')
  const noWay = { by: 'not_reached', unreached: 'no_way', code: 503 }
  expect(sentence(call('call.ended', noWay), others)).toBe(
    'Panggilan selesai · Tidak tersambung · tidak ada saluran (503)',
  )
  expect(who({ ...call('call.ended'), call: 'another' }, others)).toBe('Penelepon')
})

it('how a supervisor listens is told; the end too', () => {
  expect(say('call.monitored', { mode: 'whisper' })).toBe('Pengawas memantau · Bisik')
  expect(say('call.monitored', { mode: null })).toBe('Pengawas memantau · Berhenti')
})

it('a typed line is told in its own words', () =>
  expect(say('call.text', { side: 'caller', text: 'api besar', operator: null })).toBe('Teks · api besar'))

it('what the network points to and nobody could fetch is told with why', () => {
  expect(say('call.place_not_fetched', { why: 'silent' })).toBe(
    'Jaringan menyimpan lokasi penelepon di server lain, tetapi tidak dapat diambil · servernya tidak menjawab',
  )
  expect(say('call.facts_not_fetched', { why: 'of tomorrow' })).toContain('of tomorrow')
})

it('what a recording lacks is told for each side, and a whole one is only sealed', () => {
  const sealed = { duration_ms: 30_000, sha256: 'ab', repaired: false }
  expect(say('recording.sealed', sealed)).toBe('Rekaman disegel')
  expect(say('recording.sealed', { ...sealed, missing_caller_ms: 1250, missing_operator_ms: 20 })).toBe(
    'Rekaman disegel · 1.3 detik suara penelepon hilang · 0.1 detik dari sisi operator hilang',
  )
})

it('a pressed key is told', () => expect(say('call.digit', { digit: '1' })).toBe('Penelepon menekan tombol · 1'))

describe('the sound of a call', () => {
  const caller = { mos: 4.2, loss_percent: 0.14, jitter_ms: 3 }
  const operator = { mos: 2.6, loss_percent: 11, jitter_ms: 40 }

  it('is told for both sides, in one event or in two', () => {
    const both = heardIn({ caller, operator })
    expect(both).toEqual({ caller, operator })
    const timeline = [
      { kind: 'call.quality', data: { side: 'caller', ...caller } },
      { kind: 'call.held', data: {} },
      { kind: 'call.quality', data: { side: 'operator', ...operator } },
    ] as unknown as TimelineEntry[]
    expect(heardOf(timeline)).toEqual({ caller, operator })
    expect(say('call.quality', { caller, operator })).toBe(
      'Mutu suara · penelepon: Suara baik (MOS 4.2, hilang 0.1 %), operator: Suara buruk (MOS 2.6, hilang 11.0 %)',
    )
  })

  it("of somebody who was called in has a name, and is not the caller's", () => {
    const entry = {
      seq: 1,
      at: '',
      actor: { who: 'system' },
      kind: 'call.quality',
      data: { side: 'party', party: 'p', ...operator },
    }
    const timeline = [entry] as unknown as TimelineEntry[]
    expect(heardOf(timeline)).toEqual({})
    expect(timeline.map((one) => sentence(one, { parties: { p: 'Damkar' }, outbound: new Set() }))).toEqual([
      'Mutu suara · Damkar: Suara buruk (MOS 2.6, hilang 11.0 %)',
    ])
  })

  it('is not told where nothing was measured', () => {
    expect(heardIn({})).toEqual({})
    expect(heardIn(null)).toEqual({})
    expect(heardIn({ caller: { mos: 'x' } })).toEqual({})
    expect(say('call.quality', {})).toBe('Mutu suara')
    const heard_us = { lost: 12, worst_loss_percent: 4, jitter_ms: 2 }
    expect(say('call.quality', { side: 'caller', ...caller, heard_us })).toBe(
      'Mutu suara · penelepon: Suara baik (MOS 4.2, hilang 0.1 %) · 12 paket suara kita tidak sampai',
    )
  })
})
