import { describe, expect, it } from 'vitest'
import { EMPTY_FIELDS, type ReportFields, type ReportView } from '../src/api/types'
import {
  beginSave,
  edit,
  failed,
  fill,
  heard,
  isDirty,
  newDraft,
  overtaken,
  restore,
  saved,
  saveState,
  takeTheirs,
  toStored,
} from '../src/form/draft'

const stored = (revision: number, fields: Partial<ReportFields>): ReportView => ({
  id: 'r',
  call: 'c',
  fields: { ...EMPTY_FIELDS, ...fields },
  revision,
  saved_at: '2026-11-23T08:00:00Z',
})

describe('a draft', () => {
  it('is saved with a rising revision until the server has every word', () => {
    let draft = edit(newDraft('r', 'c', null), { place: 'Nagoya' })
    expect(saveState(draft)).toBe('unsaved')
    const first = beginSave(draft)
    expect(first?.save.revision).toBe(1)
    draft = edit(first?.draft ?? draft, { place: 'Nagoya Hill' })
    expect(beginSave(draft)).toBeNull()
    draft = saved(draft, stored(1, { place: 'Nagoya' }))
    expect(draft.fields.place).toBe('Nagoya Hill')
    expect(draft.theirs).toEqual({})
    const second = beginSave(draft)
    expect(second?.save.revision).toBe(2)
    draft = saved(second?.draft ?? draft, stored(2, { place: 'Nagoya Hill' }))
    expect(saveState(draft)).toBe('saved')
  })

  it('is tried on top of the same revision until an answer comes', () => {
    let draft = edit(newDraft('r', 'c', stored(4, {})), { event: 'Kebakaran' })
    const gone = beginSave(draft)
    expect(gone?.save).toMatchObject({ base: 4, revision: 5 })
    draft = failed(gone?.draft ?? draft)
    expect(saveState(draft)).toBe('retrying')
    expect(beginSave(draft)?.save).toMatchObject({ base: 4, revision: 5 })
  })

  it('knows the first save of a long outage as its own, however often it tried since', () => {
    let draft = newDraft('r', 'c', stored(4, {}))
    for (let n = 1; n <= 50; n += 1) {
      draft = edit(draft, { details: 'x'.repeat(n) })
      draft = failed(beginSave(draft)?.draft ?? draft)
    }
    expect(draft.sent.length).toBeLessThan(10)
    draft = overtaken(beginSave(draft)?.draft ?? draft, stored(5, { details: 'x' }))
    expect(draft.fields.details).toHaveLength(50)
    expect(draft.theirs).toEqual({})
    expect(beginSave(draft)?.save.base).toBe(5)
  })

  it('keeps a word that was taken back while the answer was lost', () => {
    let draft = edit(newDraft('r', 'c', stored(1, { place: 'A' })), { place: 'B' })
    draft = failed(beginSave(draft)?.draft ?? draft)
    draft = edit(draft, { place: 'A' })
    draft = heard(draft, stored(2, { place: 'B' }))
    expect(draft.fields.place).toBe('A')
    expect(isDirty(draft)).toBe(true)
  })

  it('goes on from an older report when the server was restored from a backup', () => {
    let draft = edit(newDraft('r', 'c', stored(9, { place: 'A' })), { event: 'Banjir' })
    draft = overtaken(beginSave(draft)?.draft ?? draft, stored(3, { place: 'A' }))
    expect(beginSave(draft)?.save).toMatchObject({ base: 3, revision: 4, fields: { event: 'Banjir' } })
  })

  it('waits for the answer of its own save, whatever another person does meanwhile', () => {
    let draft = edit(newDraft('r', 'c', stored(1, {})), { place: 'A' })
    draft = beginSave(draft)?.draft ?? draft
    draft = heard(draft, stored(2, { event: 'Banjir' }))
    expect(saveState(draft)).toBe('saving')
    expect(beginSave(draft)).toBeNull()
    draft = overtaken(draft, stored(2, { event: 'Banjir' }))
    expect(beginSave(draft)?.save).toMatchObject({ base: 2, fields: { place: 'A', event: 'Banjir' } })
  })

  it.each([
    'answer',
    'event',
  ])('takes over what the server cut, when the %s comes first, and does not send it again', (first) => {
    let draft = fill(newDraft('r', 'c', null), { caller_number: '+628117777777777' })
    draft = beginSave(draft)?.draft ?? draft
    draft = edit(draft, { place: 'Tiban' })
    const cut = stored(1, { caller_number: '+62811777' })
    if (first === 'event') draft = heard(draft, cut)
    draft = saved(draft, cut)
    expect(draft).toMatchObject({ theirs: {}, fields: { place: 'Tiban', caller_number: '+62811777' } })
    draft = saved(beginSave(draft)?.draft ?? draft, stored(2, { ...cut.fields, place: 'Tiban' }))
    expect(isDirty(draft)).toBe(false)
  })

  it('knows its own save that comes back late, after more was typed', () => {
    let draft = edit(newDraft('r', 'c', null), { place: 'ab' })
    draft = failed(beginSave(draft)?.draft ?? draft)
    draft = edit(draft, { place: 'abc' })
    draft = heard(draft, stored(1, { place: 'ab' }))
    expect(draft.fields.place).toBe('abc')
    expect(draft.theirs).toEqual({})
  })

  it('keeps the own words and offers the other where both changed one field', () => {
    let draft = edit(newDraft('r', 'c', stored(1, { place: 'Batam' })), { place: 'Batam Kota' })
    draft = heard(draft, stored(2, { place: 'Bengkong', event: 'Kebakaran' }))
    expect(draft.fields).toMatchObject({ place: 'Batam Kota', event: 'Kebakaran' })
    expect(draft.theirs).toEqual({ place: 'Bengkong' })
    expect(beginSave(draft)?.save).toMatchObject({ revision: 3, fields: { place: 'Batam Kota', event: 'Kebakaran' } })
    expect(takeTheirs(draft, 'place').fields.place).toBe('Bengkong')
  })

  it('ignores what is older than what it knows', () => {
    const draft = newDraft('r', 'c', stored(5, { place: 'baru' }))
    expect(heard(draft, stored(4, { place: 'lama' })).fields.place).toBe('baru')
  })

  it('comes back after a reload with its unsent words on top of what the server has', () => {
    const before = edit(newDraft('r', 'c', stored(3, { place: 'Batu Ampar' })), { details: 'dua orang' })
    const after = restore('r', 'c', stored(4, { place: 'Batu Ampar', event: 'Kecelakaan' }), toStored(before))
    expect(after.fields).toMatchObject({ place: 'Batu Ampar', event: 'Kecelakaan', details: 'dua orang' })
    expect(isDirty(after)).toBe(true)
    expect(beginSave(after)?.save.revision).toBe(5)
  })

  it('follows the server where nothing was typed here', () => {
    const draft = heard(
      newDraft('r', 'c', null),
      stored(7, { place: 'Galang', position: { latitude: 1, longitude: 104 } }),
    )
    expect(draft.fields.place).toBe('Galang')
    expect(isDirty(draft)).toBe(false)
  })
})
