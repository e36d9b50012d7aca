// The reports in an operator's hands, against a server that keeps the rules: what was typed is never lost on the way.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CallView, EMPTY_FIELDS, type ReportView, type SaveReport } from '../src/api/types'
import { MemoryStorage } from './memory'
import { aCall } from './samples'

const AYU = { id: 'ayu', username: 'ayu', name: 'Ayu', role: 'operator', active: true } as const
const BUDI = { ...AYU, id: 'budi', username: 'budi', name: 'Budi' } as const
const city = { name: 'Batam', center: { latitude: 1.1, longitude: 104 }, zone: 'Asia/Jakarta' }

const call = (change: Partial<CallView> = {}): CallView =>
  aCall({
    state: 'active',
    operator: AYU.id,
    operator_name: AYU.name,
    answered_at: '2026-11-23T08:00:05Z',
    ...change,
  })

/** What the server has, and how it answers. */
class Server {
  user: typeof AYU | typeof BUDI = AYU
  online = true
  calls = new Map<string, CallView>()
  reports = new Map<string, ReportView>()
  incidents = new Map<string, Record<string, unknown>>()
  timeline: { seq: number; kind: string; call?: string; incident?: string }[] = []
  notes: string[] = []
  asked: string[] = []
  /** Runs once before the next answer to such a request. */
  before: Record<string, () => void> = {}

  fetch = vi.fn(async (url: string, init: RequestInit = {}) => {
    const path = url.replace('/api/v1', '')
    const method = init.method ?? 'GET'
    if (!this.online) throw new TypeError('Failed to fetch')
    this.asked.push(`${method} ${path}`)
    const run = this.before[`${method} ${path}`]
    delete this.before[`${method} ${path}`]
    run?.()
    const [status, body] = this.answer(method, path, init.body ? JSON.parse(String(init.body)) : null)
    return new Response(status === 204 ? null : JSON.stringify(body), { status })
  })

  private answer(method: string, path: string, body: unknown): [number, unknown?] {
    const [, group, id = '', part] = path.split(/[/?]/)
    const refused = (status: number, code: string, more = {}): [number, unknown] => [
      status,
      { error: { code, message: code }, ...more },
    ]
    if (group === 'session') return method === 'GET' ? [200, { user: this.user, city }] : [204]
    if (group === 'calls' && path.includes('?')) return [200, [...this.calls.values()]]
    if (group === 'calls') {
      const view = this.calls.get(id)
      if (!view) return refused(404, 'not_found')
      const report = view.operator && view.operator !== this.user.id ? null : (this.reports.get(view.report) ?? null)
      return [200, { call: view, report, earlier: [], recording: null, timeline: this.timeline }]
    }
    if (group === 'reports') {
      const stored = this.reports.get(id)
      const holder = [...this.calls.values()].find((one) => one.report === id)?.operator
      if (holder && holder !== this.user.id) return refused(403, 'forbidden')
      if (method === 'GET') return stored ? [200, stored] : refused(404, 'not_found')
      if (part === 'close') {
        const closed = { ...stored, disposition: (body as { disposition: string }).disposition } as ReportView
        this.reports.set(id, closed)
        return [200, closed]
      }
      const save = body as SaveReport
      if ((stored?.revision ?? 0) !== save.base) return refused(409, 'stale_revision', { report: stored })
      const row: ReportView = { ...stored, ...save, id, saved_at: '2026-11-23T08:01:00Z' }
      this.reports.set(id, row)
      return [200, row]
    }
    if (group === 'incidents' && part === 'notes') {
      this.notes.push((body as { text: string }).text)
      return [201, { seq: 900 + this.notes.length, at: '', actor: { who: 'system' }, kind: 'incident.note', data: {} }]
    }
    if (group === 'incidents' && part === 'close') {
      const closed = { ...this.incidents.get(id), state: 'closed' }
      this.incidents.set(id, closed)
      return [200, closed]
    }
    return refused(404, 'not_found')
  }
}

async function page(server: Server, disk: Storage) {
  vi.resetModules()
  vi.stubGlobal('window', { localStorage: disk, addEventListener: () => undefined })
  vi.stubGlobal('localStorage', disk)
  vi.stubGlobal('fetch', server.fetch)
  const { drafts, leave, runWork, work } = await import('../src/form/work')
  const { addUnsentAsNote, closeIncident, closeReport } = await import('../src/form/closing')
  const { hear, live } = await import('../src/live/live')
  const { refreshSession, session, signOut } = await import('../src/session/session')
  runWork()
  const up = (...calls: CallView[]) =>
    hear({ event: 'snapshot', now: new Date().toISOString(), calls, operators: [], alarms: [], trunks: [] })
  return {
    drafts,
    leave,
    work,
    addUnsentAsNote,
    closeIncident,
    closeReport,
    hear,
    live,
    refreshSession,
    session,
    signOut,
    up,
  }
}
type Page = Awaited<ReturnType<typeof page>>

const settle = (ms = 50) => vi.advanceTimersByTimeAsync(ms)

async function talking(server: Server, disk: Storage): Promise<Page> {
  server.calls.set('c', call())
  const here = await page(server, disk)
  await here.refreshSession()
  here.up(call())
  await settle()
  return here
}

describe('a report', () => {
  let server: Server
  let disk: MemoryStorage
  beforeEach(() => {
    vi.useFakeTimers()
    server = new Server()
    disk = new MemoryStorage()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('is put away only once the server has its words', async () => {
    const here = await talking(server, disk)
    here.drafts.edit('r', { place: 'Nagoya' })
    server.online = false
    await expect(here.leave('c')).rejects.toMatchObject({ code: 'unreachable' })
    expect(here.work.get().current).toBe('c')
    expect(here.drafts.get('r')?.fields.place).toBe('Nagoya')
    server.online = true
    await here.leave('c')
    expect(here.work.get().calls).toEqual([])
    expect(server.reports.get('r')?.fields.place).toBe('Nagoya')
    expect(disk.getItem('siaga.draft.ayu.r')).toBeNull()
  })

  it('takes along what is typed while it is being closed', async () => {
    const here = await talking(server, disk)
    here.drafts.edit('r', { place: 'Nagoya' })
    server.before['POST /reports/r/close'] = () => here.drafts.edit('r', { details: 'pintu belakang' })
    await here.closeReport('c', 'r', 'normal')
    expect(server.reports.get('r')).toMatchObject({
      disposition: 'normal',
      fields: { place: 'Nagoya', details: 'pintu belakang' },
    })
    expect(here.work.get().calls).toEqual([])
  })

  it('stays if the network goes between closing and the last words', async () => {
    const here = await talking(server, disk)
    server.reports.set('r', { id: 'r', call: 'c', fields: EMPTY_FIELDS, revision: 0, saved_at: '' })
    const answered = server.fetch.getMockImplementation()
    server.fetch.mockImplementation(async (url, init) => {
      const answer = await (answered ?? expect.fail())(url, init)
      if (!url.endsWith('/close')) return answer
      here.drafts.edit('r', { details: 'pintu belakang' })
      server.online = false
      return answer
    })
    await expect(here.closeReport('c', 'r', 'prank')).rejects.toMatchObject({ code: 'unreachable' })
    expect(here.work.get().current).toBe('c')
    expect(disk.getItem('siaga.draft.ayu.r')).toContain('pintu belakang')
    server.online = true
    await settle(10_000)
    expect(server.reports.get('r')).toMatchObject({ disposition: 'prank', fields: { details: 'pintu belakang' } })
  })

  it('takes along what is typed while its incident is being closed', async () => {
    const here = await talking(server, disk)
    here.drafts.edit('r', { place: 'Nagoya' })
    server.incidents.set('i', { id: 'i', state: 'open', dispatches: [] })
    server.before['POST /incidents/i/close'] = () => here.drafts.edit('r', { details: 'selesai 10.15' })
    await here.closeIncident('c', 'r', 'i', 'normal')
    expect(server.reports.get('r')).toMatchObject({ disposition: 'normal', fields: { details: 'selesai 10.15' } })
  })

  it('of a call that came back and was missed keeps the words that were typed without network', async () => {
    const here = await talking(server, disk)
    server.online = false
    here.drafts.edit('r', { place: 'Sekupang', details: 'asap tebal' })
    await settle(1000)
    server.online = true
    const back = call({ state: 'ringing', answered_at: null })
    server.calls.set('c', back)
    here.hear({ event: 'offered', call: back })
    here.hear({ event: 'offer_withdrawn', call: 'c', why: 'no_answer' })
    expect(here.work.get().calls).toEqual(['c'])
    expect(here.drafts.get('r')?.fields.details).toBe('asap tebal')
    const taken = call({ operator: BUDI.id, operator_name: BUDI.name })
    server.calls.set('c', taken)
    server.asked = []
    here.hear({ event: 'call', call: taken })
    await settle(120_000)
    expect(here.drafts.get('r')?.fields.details).toBe('asap tebal')
    expect(server.asked.filter((one) => one.startsWith('PUT'))).toEqual([])
    await here.addUnsentAsNote('c', 'i', 'Keterangan: asap tebal')
    expect(server.notes).toEqual(['Keterangan: asap tebal'])
    expect(here.work.get().calls).toEqual([])
    expect(disk.getItem('siaga.draft.ayu.r')).toBeNull()
  })

  it('that another operator took and ended while this console was away is shown as theirs', async () => {
    const here = await talking(server, disk)
    server.online = false
    here.drafts.edit('r', { details: 'asap tebal' })
    await settle(1000)
    server.online = true
    server.calls.set('c', call({ operator: BUDI.id, operator_name: BUDI.name, state: 'ended' }))
    server.asked = []
    here.up()
    await settle(120_000)
    expect(here.live.get().calls.c).toMatchObject({ operator: BUDI.id })
    expect(here.drafts.get('r')?.fields.details).toBe('asap tebal')
    expect(here.work.get().current).toBe('c')
    expect(server.asked.filter((one) => one.startsWith('PUT')).length).toBeLessThan(2)
  })

  it('that another operator took goes away when nothing of it is unsent', async () => {
    const here = await talking(server, disk)
    here.drafts.edit('r', { details: 'asap tebal' })
    await settle(1000)
    here.hear({ event: 'call', call: call({ operator: BUDI.id, operator_name: BUDI.name }) })
    expect(here.work.get().calls).toEqual([])
    expect(here.drafts.get('r')).toBeUndefined()
  })

  it('of a caller who gave up while somebody typed already keeps the words, and asks the server no more', async () => {
    const here = await page(server, disk)
    await here.refreshSession()
    here.up()
    const rings = call({ state: 'ringing', answered_at: null, number: '+62811' })
    here.hear({ event: 'offered', call: rings })
    here.drafts.edit('r', { details: 'suara anak menangis' })
    const over = call({ state: 'ended', answered_at: null, operator: null, operator_name: null })
    server.calls.set('c', over)
    here.hear({ event: 'call', call: over })
    here.hear({ event: 'offer_withdrawn', call: 'c', why: 'caller_hung_up' })
    await settle(60_000)
    expect(here.work.get().current).toBe('c')
    expect(disk.getItem('siaga.draft.ayu.r')).toContain('suara anak menangis')
    expect(server.asked.filter((one) => one.startsWith('PUT'))).toEqual([])
  })

  it('of a call that ended while it waited stays with who had it last', async () => {
    const here = await talking(server, disk)
    server.online = false
    here.drafts.edit('r', { details: 'asap tebal' })
    await settle(1000)
    server.online = true
    server.calls.set('c', call({ state: 'ended' }))
    here.hear({ event: 'call', call: call({ state: 'ended', operator: null, operator_name: null }) })
    await settle(1000)
    expect(server.reports.get('r')?.fields.details).toBe('asap tebal')
    expect(here.work.get().current).toBe('c')
  })

  it('of a ring that was missed goes away when nobody typed', async () => {
    const here = await page(server, disk)
    await here.refreshSession()
    here.up()
    const rings = call({ state: 'ringing', answered_at: null, number: '+62811' })
    here.hear({ event: 'offered', call: rings })
    await settle()
    expect(here.drafts.get('r')?.fields.caller_number).toBe('+62811')
    here.hear({ event: 'offer_withdrawn', call: 'c', why: 'no_answer' })
    expect(here.work.get().calls).toEqual([])
    expect(disk.getItem('siaga.draft.ayu.r')).toBeNull()
  })

  it('of a call that the operator makes opens with it, and is put away empty when nobody answers', async () => {
    const out = call({ state: 'calling', direction: 'outbound', number: '+62811', answered_at: null })
    const here = await page(server, disk)
    await here.refreshSession()
    server.calls.set('c', out)
    here.hear({ event: 'call', call: out })
    await settle(1000)
    expect(here.work.get()).toEqual({ calls: ['c'], current: 'c' })
    expect(here.drafts.get('r')?.fields.caller_number).toBe('+62811')
    const over = { ...out, state: 'ended', ended_by: 'not_reached' } as const
    server.calls.set('c', over)
    here.hear({ event: 'call', call: over })
    await settle(1000)
    expect(here.work.get().calls).toEqual([])
  })

  it('of a call that nobody answered stays when something was written into it', async () => {
    const out = call({ state: 'calling', direction: 'outbound', number: '+62811', answered_at: null })
    const here = await page(server, disk)
    await here.refreshSession()
    server.calls.set('c', out)
    here.hear({ event: 'call', call: out })
    here.drafts.edit('r', { details: 'tetangga bilang aman' })
    const over = { ...out, state: 'ended', ended_by: 'not_reached' } as const
    server.calls.set('c', over)
    here.hear({ event: 'call', call: over })
    await settle(1000)
    expect(here.work.get().calls).toEqual(['c'])
    expect(server.reports.get('r')?.fields.details).toBe('tetangga bilang aman')
  })

  it('of a caller who was handed over can still be written and closed', async () => {
    const here = await talking(server, disk)
    here.hear({ event: 'call', call: call({ state: 'transferred', operator: null }) })
    here.drafts.edit('r', { place: 'Bengkong' })
    await settle(1000)
    expect(server.reports.get('r')?.fields.place).toBe('Bengkong')
    await here.closeReport('c', 'r', 'normal')
    expect(here.work.get().calls).toEqual([])
  })

  it('is opened again for its writer after a sign-in of somebody else, and is sent', async () => {
    let here = await talking(server, disk)
    server.online = false
    here.drafts.edit('r', { details: 'dua korban' })
    await settle(1000)
    // The session ends meanwhile; at this computer somebody else begins.
    server.online = true
    here.session.set({ phase: 'out' })
    expect(here.drafts.store.get()).toEqual({})
    server.user = BUDI
    server.calls.set('c', call({ state: 'ended' }))
    await here.refreshSession()
    here.up()
    await settle(5000)
    expect(here.work.get().calls).toEqual([])
    expect(server.reports.get('r')?.fields.details).not.toBe('dua korban')
    // The next day.
    here.drafts.empty()
    server.user = AYU
    here = await page(server, disk)
    await here.refreshSession()
    here.up()
    await settle(1000)
    expect(server.reports.get('r')?.fields.details).toBe('dua korban')
    expect(disk.getItem('siaga.draft.ayu.r')).toBeNull()
  })

  it('that is another operator’s now is shown again with its unsent words, and not sent', async () => {
    let here = await talking(server, disk)
    server.online = false
    here.drafts.edit('r', { details: 'dua korban' })
    await settle(1000)
    server.online = true
    server.calls.set('c', call({ operator: BUDI.id, operator_name: BUDI.name, state: 'ended' }))
    server.asked = []
    // The page is gone with its memory.
    here.drafts.empty()
    here = await page(server, disk)
    await here.refreshSession()
    here.up()
    await settle(60_000)
    expect(here.work.get()).toEqual({ calls: ['c'], current: 'c' })
    expect(here.drafts.get('r')?.fields.details).toBe('dua korban')
    expect(server.asked.filter((one) => one.startsWith('PUT'))).toEqual([])
  })

  it('with nothing unsent lets a sign-out go ahead, but not without a network: the session would go on', async () => {
    const here = await talking(server, disk)
    await settle(1000)
    server.online = false
    await expect(here.signOut()).rejects.toMatchObject({ code: 'unreachable' })
    expect(here.session.get().phase).toBe('in')
    server.online = true
    await here.signOut()
    expect(here.session.get().phase).toBe('out')
  })

  it('is saved before the sign-out, which fails aloud without a network', async () => {
    const here = await talking(server, disk)
    here.drafts.edit('r', { place: 'Bengkong' })
    server.online = false
    await expect(here.signOut()).rejects.toMatchObject({ code: 'unreachable' })
    expect(here.session.get().phase).toBe('in')
    expect(here.drafts.get('r')?.fields.place).toBe('Bengkong')
    server.online = true
    await here.signOut()
    expect(server.reports.get('r')?.fields.place).toBe('Bengkong')
    expect(server.asked.at(-1)).toBe('DELETE /session')
    expect(here.session.get().phase).toBe('out')
    expect(here.drafts.store.get()).toEqual({})
  })
})
