// Words that were not sent: whose the report is now, and how they are handed on.
import { describe, expect, it } from 'vitest'
import type { CallView, TimelineEntry } from '../src/api/types'
import { edit, fill, newDraft, restore, toStored, unsentWords } from '../src/form/draft'
import { incidentOf, isElsewhere, isNobodys, maySave } from '../src/form/holder'
import { inNotes, sayUnsent } from '../src/form/unsentNote'

const call = (state: CallView['state'], operator: string | null) => ({ state, operator }) as CallView

describe('a report', () => {
  it('is saved by who has the call, from the answer on', () => {
    expect(maySave(call('active', 'me'), 'me')).toBe(true)
    expect(maySave(call('ended', 'me'), 'me')).toBe(true)
    expect(maySave(call('ringing', 'me'), 'me')).toBe(false)
    expect(maySave(call('active', 'other'), 'me')).toBe(false)
  })

  it('of a call that nobody took waits, and is for supervisors once it has ended', () => {
    expect(maySave(call('waiting', null), 'me')).toBe(false)
    expect(maySave(call('fallback', null), 'me')).toBe(true)
    expect(maySave(call('transferring', null), 'me')).toBe(true)
    expect(maySave(call('transferred', null), 'me')).toBe(true)
    expect(maySave(call('ended', null), 'me', true)).toBe(true)
    expect(maySave(call('ended', null), 'me')).toBe(false)
    expect(isNobodys(call('ended', null), false)).toBe(true)
    expect(isNobodys(call('ended', null), true)).toBe(false)
    expect(isNobodys(call('waiting', null), false)).toBe(false)
  })

  it('is elsewhere once another has answered, not while it rings there', () => {
    expect(isElsewhere(call('ringing', 'other'), 'me')).toBe(false)
    expect(isElsewhere(call('held', 'other'), 'me')).toBe(true)
    expect(isElsewhere(call('ended', 'other'), 'me')).toBe(true)
    expect(isElsewhere(call('ended', null), 'me')).toBe(false)
  })

  it('leads to its incident by the timeline too, for who may not read it any more', () => {
    const opened = { seq: 1, call: 'c', incident: 'i' } as TimelineEntry
    expect(incidentOf('c', null, [opened])).toBe('i')
    expect(incidentOf('other', null, [opened])).toBeNull()
  })
})

describe('unsent words', () => {
  const draft = edit(fill(newDraft('r', 'c', null), { caller_number: '+62811', caller_name: 'Sari' }), {
    place: 'Nagoya',
    caller_name: 'Sari Dewi',
    position: { latitude: 1.1, longitude: 104.05 },
    incident_type: 't1',
  })

  it('are what somebody typed, not what the console filled in, also after a reload', () => {
    const typed = ['place', 'position', 'incident_type', 'caller_name']
    expect(unsentWords(draft)).toEqual(typed)
    expect(unsentWords(restore('r', 'c', null, toStored(draft)))).toEqual(typed)
  })

  it('become text with a line for each field', () => {
    expect(
      sayUnsent(
        draft,
        (field) => field,
        () => 'Kebakaran',
      ),
    ).toBe('place: Nagoya\nposition: 1.1, 104.05\nincident_type: Kebakaran\ncaller_name: Sari Dewi')
  })

  it('are cut into notes that the server takes, with nothing lost', () => {
    const text = 'ä🚒'.repeat(4000)
    const notes = inNotes(text)
    expect(notes.map((note) => [...note].length)).toEqual([5000, 3000])
    expect(notes.join('')).toBe(text)
  })
})
