// Calls to others, from the console and out of a call; what is known of a call besides its place.
import { describe, expect, it } from 'vitest'
import { ApiError } from '../src/api/client'
import type { AgencyView, TimelineEntry } from '../src/api/types'
import { alreadyDone } from '../src/call/alreadyDone'
import { chosenContact, contacts, dialable } from '../src/call/dialling'
import { endedKey } from '../src/call/ended'
import { sayLanguages } from '../src/call/language'
import { networkFacts } from '../src/call/networkFacts'
import { canHandOver, canMerge, consulted, handedTo, isMine, lastParty, nameOf } from '../src/call/parties'
import { gradeOf, worstOf } from '../src/call/quality'
import { silence } from '../src/call/silence'
import { aCall, aParty } from './samples'

describe('a number', () => {
  it('is dialled as it is written by people, without what stands between the digits', () => {
    expect(dialable(' 0778-100 ')).toBe('0778100')
    expect(dialable('+62 (811) 77.0123')).toBe('+62811770123')
    expect(dialable('119')).toBe('119')
  })

  it('is none with letters, with a plus inside, or of one digit', () => {
    for (const text of ['', '1', 'Damkar', '0811x', '08+11', '*123#', `0${'1'.repeat(30)}`])
      expect(dialable(text)).toBeNull()
  })
})

describe('the dial dialog', () => {
  const agency = (name: string, phone: string, active = true): AgencyView => ({ id: name, name, phone, active })
  const agencies = [
    agency('Damkar Batam', '0778-100'),
    agency('PSC 119', '119'),
    agency('Lama', '0778-999', false),
    agency('Tanpa telepon', ''),
  ]

  it('offers every agency that can be called before anything is typed', () =>
    expect(contacts(agencies, '').map(({ name }) => name)).toEqual(['Damkar Batam', 'PSC 119']))

  it('finds by parts of the name in any order, and by digits', () => {
    expect(contacts(agencies, 'batam dam').map(({ number }) => number)).toEqual(['0778100'])
    expect(contacts(agencies, '778 10').map(({ name }) => name)).toEqual(['Damkar Batam'])
    expect(contacts(agencies, 'polisi')).toEqual([])
  })

  it('calls the picked offer, else the typed number, else the only agency that fits', () => {
    const all = contacts(agencies, '')
    expect(chosenContact(all, 1, '')).toEqual({ name: 'PSC 119', number: '119' })
    expect(chosenContact(contacts(agencies, '0811770'), -1, '0811770')).toEqual({ name: '', number: '0811770' })
    expect(chosenContact(contacts(agencies, '119'), -1, '119')).toEqual({ name: 'PSC 119', number: '119' })
    expect(chosenContact(contacts(agencies, 'dam'), -1, 'dam')?.number).toBe('0778100')
  })

  it('calls nobody by Enter alone, nor by a word that fits several', () => {
    const one = contacts(agencies.slice(0, 1), '')
    expect(chosenContact(one, -1, '')).toBeNull()
    expect(chosenContact(contacts(agencies, ''), -1, 'a')).toBeNull()
  })
})

describe('the others in a call', () => {
  const consulting = aParty({ id: 'q', name: null, state: 'consulting', since: '2026-11-23T08:02:00Z' })
  const ringing = aParty({ id: 'n', name: 'PMI', state: 'ringing', since: '2026-11-23T08:03:00Z' })
  const active = aCall({ state: 'active' })

  it('are merged only out of a consultation', () => {
    expect(canMerge({ ...active, parties: [ringing] })).toBe(false)
    expect(canMerge({ ...active, state: 'held', parties: [consulting] })).toBe(true)
    expect(canMerge({ ...active, state: 'transferred', parties: [consulting] })).toBe(false)
    expect(consulted({ ...active, parties: [ringing, consulting] })?.id).toBe('q')
  })

  it('get the caller only after an answer', () => {
    expect(canHandOver({ ...active, parties: [ringing] })).toBe(false)
    expect(canHandOver({ ...active, parties: [ringing, consulting] })).toBe(true)
    expect(canHandOver(active)).toBe(false)
    expect(handedTo({ ...active, parties: [aParty(), consulting, ringing] })).toBe('Damkar, 0778100')
  })

  it('are named by their number if they have no name; the newest is dropped by the key', () => {
    expect([nameOf(aParty()), nameOf(consulting)]).toEqual(['Damkar', '0778100'])
    expect(lastParty({ ...active, parties: [ringing, aParty(), consulting] })?.id).toBe('n')
    expect(lastParty(active)).toBeNull()
  })

  it('are brought in while the call is with its operator, not while it rings out or is given away', () =>
    expect(
      (['active', 'held', 'calling', 'transferring', 'transferred', 'ended'] as const).map((state) =>
        isMine(aCall({ state })),
      ),
    ).toEqual([true, true, false, false, false, false]))

  it('that left by themselves are no error to the one who drops them', () =>
    expect(alreadyDone(new ApiError(409, 'no_such_party', ''), 'hangup')).toBe(true))
})

describe('the sound of a call', () => {
  it('is good, fair or bad by the bounds of G.107', () =>
    expect([4.4, 4, 3.9, 3.1, 3, 1].map(gradeOf)).toEqual(['good', 'good', 'fair', 'fair', 'bad', 'bad']))

  it('is shown by the side that is worse', () => {
    const side = (mos: number) => ({ mos, loss_percent: 12.34, jitter_ms: 30.4 })
    expect(worstOf({ caller: side(4.2), operator: side(2.8) })).toEqual({
      side: 'operator',
      mos: 2.8,
      grade: 'bad',
      loss: '12 %',
      jitter: '30 ms',
    })
    expect(worstOf({ caller: side(4.2) })?.side).toBe('caller')
    expect(worstOf({})).toBeNull()
    expect(worstOf(undefined)).toBeNull()
  })
})

describe('a silent call', () => {
  let seq = 0
  const entry = (kind: string, data: Record<string, string> = {}, call = 'c') => {
    seq += 1
    return { seq, at: '', actor: { who: 'system' }, kind, call, data } as TimelineEntry
  }
  const asked = () => entry('call.silent_prompt')
  const one = () => entry('call.digit', { digit: '1' })

  it('is asked once, and answered by a 1 after that', () => {
    expect(silence('c', [])).toBe('unasked')
    expect(silence('c', [asked()])).toBe('asked')
    expect(silence('c', [asked(), one()])).toBe('cannot_speak')
    expect(silence('c', [asked(), one(), asked()])).toBe('cannot_speak')
  })

  it('is not answered by another key, an earlier 1, or the 1 of another call', () => {
    expect(silence('c', [asked(), entry('call.digit', { digit: '2' })])).toBe('asked')
    expect(silence('c', [one(), asked()])).toBe('asked')
    expect(silence('c', [asked(), entry('call.digit', { digit: '1' }, 'other')])).toBe('asked')
    expect(silence('c', [one()])).toBe('unasked')
  })
})

describe('what the network says', () => {
  it('begins with the person and ends with the cell; an unknown kind is shown too', () => {
    const told = (kind: string) => ({ kind, label: kind, value: 'x' })
    const call = aCall({ additional: ['provider', 'later', 'comment', 'subscriber'].map(told), cell: '510-10-1A2B' })
    expect(networkFacts(call).map(({ kind }) => kind)).toEqual(['comment', 'subscriber', 'provider', 'cell', 'other'])
    expect(networkFacts(aCall())).toEqual([])
  })

  it('names languages in the language of the console, and keeps a tag that nobody knows', () => {
    expect(sayLanguages(['id', 'en-GB'], 'en')).toBe('Indonesian, British English')
    expect(sayLanguages(['zh'], 'id')).toMatch(/Tionghoa|Mandarin|Cina/)
    expect(sayLanguages(['not a tag'], 'id')).toBe('not a tag')
  })
})

it('who hung up is said as it was: in an outbound call the other side is no caller', () => {
  expect(endedKey('caller', 'inbound')).toBe('ended.caller')
  expect(endedKey('caller', 'outbound')).toBe('ended.called')
  expect(endedKey('not_reached', 'outbound')).toBe('ended.not_reached')
})
