import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api/client'
import { EMPTY_FIELDS, type ReportView, type SaveReport } from '../src/api/types'
import { beginSave, edit, newDraft, overtaken, saveState } from '../src/form/draft'
import { type DraftPorts, Drafts } from '../src/form/drafts'
import { MemoryStorage } from './memory'

const answer = (report: string, { call, fields, revision }: Omit<SaveReport, 'base'>): ReportView => ({
  id: report,
  call,
  fields,
  revision,
  saved_at: '2026-11-23T08:00:00Z',
})

const SEVEN_DAYS_MS = 7 * 86_400_000
const never = () => new Promise<ReportView>(() => undefined)

function draftsOf(ports: Partial<DraftPorts>, user = 'ayu') {
  const drafts = new Drafts({ save: never, storage: new MemoryStorage(), maySave: () => true, ...ports })
  drafts.enter(user)
  return drafts
}

/** Takes a save only on top of what it has, as the server does. */
function server() {
  const rows = new Map<string, ReportView>()
  const save = vi.fn(async (report: string, body: SaveReport) => {
    const stored = rows.get(report)
    if ((stored?.revision ?? 0) !== body.base)
      throw new ApiError(409, 'stale_revision', '', { report: structuredClone(stored) })
    const row = answer(report, structuredClone(body))
    rows.set(report, row)
    return row
  })
  return { rows, save }
}
const lost = () => new ApiError(0, 'unreachable', '')

describe('the drafts', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('save once after a pause in typing, and forget the local copy then', async () => {
    const disk = new MemoryStorage()
    const save = vi.fn(async (report: string, body: SaveReport) => answer(report, body))
    const drafts = draftsOf({ save, storage: disk, maySave: () => true })
    drafts.open('r', 'c', null)
    for (const place of ['N', 'Na', 'Nag']) {
      drafts.edit('r', { place })
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(disk.length).toBe(1)
    expect(save).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(300)
    expect(save).toHaveBeenCalledTimes(1)
    expect(save.mock.calls[0]?.[1]).toMatchObject({ revision: 1, fields: { place: 'Nag' } })
    expect(disk.length).toBe(0)
  })

  it('try again after a loss of the network, with what was typed meanwhile', async () => {
    let away = true
    const save = vi.fn(async (report: string, body: SaveReport) => {
      if (away) throw new ApiError(0, 'unreachable', '')
      return answer(report, body)
    })
    const disk = new MemoryStorage()
    const drafts = draftsOf({ save, storage: disk, maySave: () => true })
    drafts.open('r', 'c', null)
    drafts.edit('r', { place: 'Sekupang' })
    await vi.advanceTimersByTimeAsync(400)
    expect(saveState(drafts.get('r') ?? expect.fail())).toBe('retrying')
    drafts.edit('r', { event: 'Kecelakaan' })
    expect(disk.values()[0]).toContain('Kecelakaan')
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
    const drafts = draftsOf({ save, storage: new MemoryStorage(), maySave: () => true })
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
    const drafts = draftsOf({ save, storage: new MemoryStorage(), maySave: () => true })
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
    const drafts = draftsOf({ save, storage: new MemoryStorage(), maySave: () => answered })
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
    const disk = new MemoryStorage()
    const save = vi.fn(never)
    const first = draftsOf({ save, storage: disk, maySave: () => false })
    first.open('r', 'c', null)
    first.edit('r', { details: 'korban terjepit' })
    const second = draftsOf({ save, storage: disk })
    second.open('r', 'c', null)
    expect(second.get('r')?.fields.details).toBe('korban terjepit')
    await vi.advanceTimersByTimeAsync(10)
    expect(save).toHaveBeenCalledTimes(1)
  })

  it('recognise a save whose answer was lost, and add what was typed since', async () => {
    const { rows, save } = server()
    const drafts = draftsOf({
      save: async (report, body) => {
        const row = await save(report, body)
        if (row.revision === 1) throw lost()
        return row
      },
    })
    drafts.open('r', 'c', null)
    drafts.edit('r', { place: 'Batu' })
    await vi.advanceTimersByTimeAsync(310)
    expect(rows.get('r')?.fields.place).toBe('Batu')
    drafts.edit('r', { place: 'Batu Aji' })
    await vi.advanceTimersByTimeAsync(2000)
    expect(save.mock.calls.map(([, { base, revision }]) => [base, revision])).toEqual([
      [0, 1],
      [0, 1],
      [1, 2],
    ])
    expect(rows.get('r')).toMatchObject({ revision: 2, fields: { place: 'Batu Aji' } })
    expect(drafts.get('r')).toMatchObject({ theirs: {}, fields: { place: 'Batu Aji' } })
    expect(saveState(drafts.get('r') ?? expect.fail())).toBe('saved')
  })

  it('recognise it also after a reload of the page', async () => {
    const { rows, save } = server()
    const disk = new MemoryStorage()
    const before = draftsOf({
      storage: disk,
      save: async (report, body) => {
        await save(report, body)
        throw lost()
      },
    })
    before.open('r', 'c', null)
    before.edit('r', { place: 'Batu' })
    await vi.advanceTimersByTimeAsync(310)
    before.edit('r', { place: 'Batu Aji' })
    before.empty()
    const after = draftsOf({ storage: disk, save })
    after.open('r', 'c', rows.get('r') ?? null)
    await vi.advanceTimersByTimeAsync(500)
    expect(rows.get('r')).toMatchObject({ revision: 2, fields: { place: 'Batu Aji' } })
    expect(after.get('r')?.theirs).toEqual({})
    expect(disk.length).toBe(0)
  })

  it('belong to one person: another who signs in neither sees nor sends them', async () => {
    const { rows, save } = server()
    const disk = new MemoryStorage()
    const drafts = draftsOf({ storage: disk, save })
    drafts.open('r', 'c', null)
    drafts.edit('r', { details: 'rahasia' })
    drafts.empty()
    drafts.enter('budi')
    expect(drafts.get('r')).toBeUndefined()
    expect(drafts.shelved()).toEqual([])
    drafts.open('r', 'c', null)
    expect(drafts.get('r')?.fields.details).toBe('')
    await vi.advanceTimersByTimeAsync(5000)
    expect(rows.size).toBe(0)
    drafts.enter('ayu')
    expect(drafts.shelved()).toEqual([{ report: 'r', call: 'c' }])
    drafts.open('r', 'c', null)
    await vi.advanceTimersByTimeAsync(500)
    expect(rows.get('r')?.fields.details).toBe('rahasia')
  })

  it('let an answer that comes after the sign-out change nothing of the next person', async () => {
    let reply: (report: ReportView) => void = () => undefined
    const save = vi.fn(() => new Promise<ReportView>((resolve) => (reply = resolve)))
    const drafts = draftsOf({ save })
    drafts.open('r', 'c', null)
    drafts.edit('r', { place: 'Tiban' })
    await vi.advanceTimersByTimeAsync(310)
    expect(save).toHaveBeenCalledTimes(1)
    drafts.enter('budi')
    drafts.open('r', 'c', null)
    reply(answer('r', { call: 'c', revision: 1, fields: { ...EMPTY_FIELDS, place: 'Tiban' } }))
    await vi.advanceTimersByTimeAsync(10)
    expect(drafts.get('r')?.fields.place).toBe('')
  })

  it('do not go while the server lacks a word of them', async () => {
    const { save } = server()
    const disk = new MemoryStorage()
    const drafts = draftsOf({ save: vi.fn(save).mockRejectedValueOnce(lost()), storage: disk })
    drafts.open('r', 'c', null)
    drafts.edit('r', { place: 'Nongsa' })
    await expect(drafts.flush('r')).rejects.toMatchObject({ code: 'unreachable' })
    expect(drafts.close('r')).toBe(false)
    expect(drafts.letGo('r')).toBe(false)
    expect(disk.length).toBe(1)
    await drafts.flush('r')
    expect(drafts.close('r')).toBe(true)
    expect(drafts.get('r')).toBeUndefined()
  })

  it('let go of what the console filled in itself, unless somebody wrote more', () => {
    const drafts = draftsOf({ maySave: () => false })
    drafts.open('missed', 'c1', null)
    drafts.fill('missed', { caller_number: '0812' })
    expect(drafts.letGo('missed')).toBe(true)
    drafts.open('typed', 'c2', null)
    drafts.fill('typed', { caller_number: '0812' })
    drafts.edit('typed', { place: 'Galang' })
    expect(drafts.letGo('typed')).toBe(false)
  })

  it('are not sent again and again once they are another person’s', async () => {
    const save = vi.fn(async (): Promise<ReportView> => {
      throw new ApiError(403, 'forbidden', '')
    })
    const drafts = draftsOf({ save })
    drafts.open('r', 'c', null)
    drafts.edit('r', { place: 'Rempang' })
    await vi.advanceTimersByTimeAsync(120_000)
    expect(save).toHaveBeenCalledTimes(1)
    expect(drafts.get('r')?.fields.place).toBe('Rempang')
  })

  it('are tidied up after a week if nothing of them is unsent, and never before they are sent', () => {
    const disk = new MemoryStorage()
    const drafts = draftsOf({ storage: disk, maySave: () => false })
    drafts.open('unsent', 'c', null)
    drafts.edit('unsent', { place: 'Bulang' })
    const [entry = ''] = disk.values()
    const { base } = JSON.parse(entry)
    disk.setItem('siaga.draft.budi.saved', JSON.stringify({ ...JSON.parse(entry), fields: base.fields }))
    disk.setItem('siaga.draft.budi.broken', '{')
    vi.advanceTimersByTime(SEVEN_DAYS_MS + 1)
    draftsOf({ storage: disk })
    expect(disk.values()).toEqual([entry])
  })

  it('flush everything before a dispatch, or say why not', async () => {
    const save = vi.fn(async (report: string, body: SaveReport) => answer(report, body))
    const drafts = draftsOf({ save, storage: new MemoryStorage(), maySave: () => true })
    drafts.open('r', 'c', null)
    drafts.edit('r', { place: 'Nongsa' })
    await drafts.flush('r')
    expect(save).toHaveBeenCalledTimes(1)
    save.mockRejectedValueOnce(new ApiError(403, 'forbidden', ''))
    drafts.edit('r', { place: 'Nongsa Pura' })
    await expect(drafts.flush('r')).rejects.toMatchObject({ code: 'forbidden' })
  })
})
