import { describe, expect, it } from 'vitest'
import type { FootageSegment, IncidentTypeView, TeamView } from '../src/api/types'
import { nextNeeded, place, skipGap, stretches } from '../src/cameras/footageTimeline'
import { chosen, ordered } from '../src/dispatch/suggestion'
import { nameOf, SHORTCUTS, shortcutFor } from '../src/keys/shortcuts'
import { circle } from '../src/map/circle'
import { PATTERNS, wavOf } from '../src/shift/patterns'
import { metresBetween } from '../src/util/distance'
import { elapsed } from '../src/util/time'

describe('footage', () => {
  const from = '2026-11-23T08:00:00Z'
  const segment = (n: number, at: number): FootageSegment => ({
    n,
    start: new Date(Date.parse(from) + at * 1000).toISOString(),
    duration_ms: 2000,
  })
  const placed = place([segment(11, 2), segment(10, 0), segment(12, 10)], from)

  it('places segments by their own start', () =>
    expect(placed.map(({ n, start }) => [n, start])).toEqual([
      [10, 0],
      [11, 2],
      [12, 10],
    ]))

  it('asks for what plays next and is not there yet', () => {
    expect(nextNeeded(placed, 0, new Set())?.n).toBe(10)
    expect(nextNeeded(placed, 1, new Set([10]))?.n).toBe(11)
    expect(nextNeeded(placed, 3, new Set([10, 11]), 5)).toBeNull()
    expect(nextNeeded(placed, 12.5, new Set())).toBeNull()
  })

  it('jumps over a gap, and shows it', () => {
    expect(skipGap(placed, 5)).toBe(10)
    expect(skipGap(placed, 1)).toBeNull()
    expect(skipGap(placed, 13)).toBeNull()
    expect(stretches(placed)).toEqual([
      { start: 0, end: 4 },
      { start: 10, end: 12 },
    ])
  })
})

describe('teams for a type', () => {
  const team = (id: string, agency: string, change: Partial<TeamView> = {}): TeamView => ({
    id,
    agency,
    agency_name: agency,
    name: id,
    telegram_chat: 1,
    active: true,
    ...change,
  })
  const fire = {
    id: 'fire',
    rank: 3,
    name: 'Kebakaran',
    name_en: 'Fire',
    lead: ['damkar'],
    support: ['pln'],
    active: true,
  } satisfies IncidentTypeView
  const teams = [
    team('z', 'polisi'),
    team('p', 'pln'),
    team('d', 'damkar'),
    team('mute', 'damkar', { telegram_chat: null }),
    team('gone', 'damkar', { active: false }),
  ]

  it('stand in the order lead, support, others; unreachable and inactive ones are left out', () =>
    expect(ordered(teams, fire).map(({ team: { id }, part }) => [id, part])).toEqual([
      ['d', 'lead'],
      ['p', 'support'],
      ['z', 'other'],
    ]))

  it('are chosen by the type, unless the hand said otherwise, and never twice', () => {
    const choices = ordered(teams, fire)
    expect(chosen(choices, {}, new Set())).toEqual(['d'])
    expect(chosen(choices, { d: false, z: true }, new Set())).toEqual(['z'])
    expect(chosen(choices, {}, new Set(['d']))).toEqual([])
    expect(chosen(choices, { z: true }, new Set(), false)).toEqual(['z'])
  })
})

describe('shortcuts', () => {
  const press = (
    code: string,
    key: string,
    held: Partial<Record<'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey', boolean>> = {},
  ) => ({ code, key, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...held })

  it('are read by the place of the key, whatever Alt makes of it', () => {
    expect(shortcutFor(press('F2', 'F2'))).toBe('answer')
    expect(shortcutFor(press('Digit1', '¡', { altKey: true }))).toBe('place')
    expect(shortcutFor(press('Enter', 'Enter', { ctrlKey: true }))).toBe('send')
    expect(nameOf(press('F8', 'F8', { shiftKey: true }))).toBe('Shift+F8')
    expect(shortcutFor(press('KeyN', 'n'))).toBeUndefined()
  })

  it('are each of its own, and none that Chromium keeps', () => {
    const keys = Object.values(SHORTCUTS).map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
    const taken = /^(Alt\+[DEF]|Alt\+F4|Alt\+Arrow(Left|Right)|F[356]|F7|F1[012]|Ctrl\+(Shift\+)?[A-Z0-9])$/
    expect(keys.filter((key) => taken.test(key))).toEqual([])
  })
})

it('says times as people read them', () => {
  expect([0, 7_900, 754_000, 3_723_000, -5].map(elapsed)).toEqual(['0:00', '0:07', '12:34', '1:02:03', '0:00'])
})

it('draws the circle of the network at its radius', () => {
  const center = { latitude: 1.13, longitude: 104.05 }
  for (const [longitude, latitude] of circle(center, 200))
    expect(metresBetween(center, { latitude, longitude })).toBeCloseTo(200, -1)
})

it('rings with a well-formed, audible loop', () => {
  const wav = new DataView(wavOf(PATTERNS.ring))
  expect(wav.getUint32(40, true)).toBe(wav.byteLength - 44)
  const peak = Math.max(...Array.from({ length: 4000 }, (_, i) => Math.abs(wav.getInt16(44 + i * 2, true))))
  expect(peak).toBeGreaterThan(10_000)
})
