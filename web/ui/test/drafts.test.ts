import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api/client'
import type { ReportView, SaveReport } from '../src/api/types'
import { beginSave, edit, newDraft, overtaken, saveState } from '../src/form/draft'
import { Drafts } from '../src/form/drafts'

function storage() {
  const kept = new Map<string, string>()
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
}

const answer = (report: string, { call, fields, revision }: SaveReport): ReportView => ({
  id: report,
  call,
  fields,
  revision,
  saved_at: '2026-11-23T08:00:00Z',
})

describe('the drafts', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('save once after a pause in typing, and forget the local copy then', async () => {
    const disk = storage()
    const save = vi.fn(async (report: string, body: SaveReport) => answer(report, body))
    const drafts = new Drafts({ save, storage: disk, maySave: () => true })
    drafts.open('r', 'c', null)
    for (const place of ['N', 'Na', 'Nag']) {
      drafts.edit('r', { place })
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(disk.kept.size).toBe(1)
    expect(save).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(300)
    expect(save).toHaveBeenCalledTimes(1)
    expect(save.mock.calls[0]?.[1]).toMatchObject({ revision: 1, fields: { place: 'Nag' } })
    expect(disk.kept.size).toBe(0)
  })

  it('try again after a loss of the network, with what was typed meanwhile', async () => {
    let away = true
    const save = vi.fn(async (report: string, body: SaveReport) => {
      if (away) throw new ApiError(0, 'unreachable', '')
      return answer(report, body)
    })
    const disk = storage()
    const drafts = new Drafts({ save, storage: disk, maySave: () => true })
    drafts.open('r', 'c', null)
    drafts.edit('r', { place: 'Sekupang' })
    await vi.advanceTimersByTimeAsync(400)
    expect(saveState(drafts.get('r') ?? expect.fail())).toBe('retrying')
    drafts.edit('r', { event: 'Kecelakaan' })
    expect([...disk.kept.values()][0]).toContain('Kecelakaan')
    away = false
    drafts.wake()
    await vi.advanceTimersByTimeAsync(10)
    expect(saveState(drafts.get('r') ?? expect.fail())).toBe('saved')
    expect(save.mock.lastCall?.[1].fields).toMatchObject({ place: 'Sekupang', event: 'Kecelakaan' })
  })

  it('merge and save again when the server has a newer revision', async () => {
    const newer = answer('r', {
      call: 'c',
      revision: 9,
      fields: {
        place: '',
        position: null,
        event: 'Banjir',
        incident_type: null,
        caller_name: '',
        caller_number: '',
        details: '',
      },
    })
    const save = vi
      .fn(async (report: string, body: SaveReport) => answer(report, body))
      .mockRejectedValueOnce(new ApiError(409, 'stale_revision', '', { report: newer }))
    const drafts = new Drafts({ save, storage: storage(), maySave: () => true })
    drafts.open('r', 'c', null)
    drafts.edit('r', { place: 'Piayu' })
    await vi.advanceTimersByTimeAsync(1000)
    expect(save.mock.lastCall?.[1]).toMatchObject({ revision: 10, fields: { place: 'Piayu', event: 'Banjir' } })
    expect(saveState(drafts.get('r') ?? expect.fail())).toBe('saved')
  })

  it('do not speak of failure when only the revision was overtaken', async () => {
    const draft = { ...newDraft('r', 'c', null), failures: 0 }
    const begun = beginSave(edit(draft, { place: 'Piayu' }))?.draft ?? expect.fail()
    const newer = answer('r', { call: 'c', revision: 9, fields: { ...draft.fields, event: 'Banjir' } })
    const after = overtaken(begun, newer)
    expect(saveState(after)).toBe('unsaved')
    expect(after.fields).toMatchObject({ place: 'Piayu', event: 'Banjir' })
  })

  it('tell why the server refuses them, and no more once it takes them', async () => {
    const gone = new ApiError(422, 'invalid', '', { error: { field: 'incident_type' } })
    const save = vi.fn(async (report: string, body: SaveReport) => answer(report, body)).mockRejectedValueOnce(gone)
    const drafts = new Drafts({ save, storage: storage(), maySave: () => true })
    drafts.open('r', 'c', null)
    drafts.edit('r', { incident_type: 'old' })
    await vi.advanceTimersByTimeAsync(400)
    expect(drafts.get('r')?.refusal).toBe(gone)
    drafts.edit('r', { incident_type: 'new' })
    await vi.advanceTimersByTimeAsync(400)
    expect(drafts.get('r')?.refusal).toBeNull()
    expect(saveState(drafts.get('r') ?? expect.fail())).toBe('saved')
  })

  it('wait while the call only rings, and go when it is answered', async () => {
    let answered = false
    const save = vi.fn(async (report: string, body: SaveReport) => answer(report, body))
    const drafts = new Drafts({ save, storage: storage(), maySave: () => answered })
    drafts.open('r', 'c', null)
    drafts.edit('r', { caller_number: '0812' })
    await vi.advanceTimersByTimeAsync(1000)
    expect(save).not.toHaveBeenCalled()
    answered = true
    drafts.wake()
    await vi.advanceTimersByTimeAsync(10)
    expect(save).toHaveBeenCalledTimes(1)
  })

  it('are restored from the local copy by a new page', async () => {
    const disk = storage()
    const never = vi.fn(() => new Promise<ReportView>(() => undefined))
    const first = new Drafts({ save: never, storage: disk, maySave: () => false })
    first.open('r', 'c', null)
    first.edit('r', { details: 'korban terjepit' })
    const second = new Drafts({ save: never, storage: disk, maySave: () => true })
    second.open('r', 'c', null)
    expect(second.get('r')?.fields.details).toBe('korban terjepit')
    await vi.advanceTimersByTimeAsync(10)
    expect(never).toHaveBeenCalledTimes(1)
  })

  it('flush everything before a dispatch, or say why not', async () => {
    const save = vi.fn(async (report: string, body: SaveReport) => answer(report, body))
    const drafts = new Drafts({ save, storage: storage(), maySave: () => true })
    drafts.open('r', 'c', null)
    drafts.edit('r', { place: 'Nongsa' })
    await drafts.flush('r')
    expect(save).toHaveBeenCalledTimes(1)
    save.mockRejectedValueOnce(new ApiError(403, 'forbidden', ''))
    drafts.edit('r', { place: 'Nongsa Pura' })
    await expect(drafts.flush('r')).rejects.toMatchObject({ code: 'forbidden' })
  })
})
