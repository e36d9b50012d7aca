/**
 * The reports in this operator's hands: the ringing call, the call in progress, and calls that ended but are not closed with a disposition yet.
 * A ringing call's form comes up at once; the one before stays in the list.
 */
import { get, put } from '../api/client'
import type { CallView, ReportView } from '../api/types'
import { live, readCall, watchLive } from '../live/live'
import { me, session } from '../session/session'
import { Store } from '../util/store'
import { Drafts } from './drafts'

export interface Work {
  /** Calls in order of arrival. */
  calls: string[]
  current: string | null
}

export const work = new Store<Work>({ calls: [], current: null })

export const drafts = new Drafts({
  save: (report, body) => put<ReportView>(`/reports/${report}`, body),
  storage: window.localStorage,
  maySave: (draft) => {
    const call = live.get().calls[draft.call]
    return !call || (call.operator === me()?.id && call.state !== 'ringing' && call.state !== 'waiting')
  },
})

const key = () => `siaga.work.${me()?.id ?? ''}`
const HOURS_BACK = 12

export function show(call: string) {
  work.update((now) => ({ calls: now.calls.includes(call) ? now.calls : [...now.calls, call], current: call }))
}

export function showNext(step: 1 | -1) {
  const { calls, current } = work.get()
  const at = calls.indexOf(current ?? '')
  const next = calls[(at + step + calls.length) % calls.length]
  if (next) show(next)
}

/** Puts the report away; its words are kept by the server. */
export function leave(call: string) {
  const report = live.get().calls[call]?.report
  if (report) drafts.close(report)
  work.update((now) => {
    const calls = now.calls.filter((id) => id !== call)
    return { calls, current: now.current === call ? (calls[calls.length - 1] ?? null) : now.current }
  })
}

function take(call: CallView, bringUp: boolean) {
  drafts.open(call.report, call.id, live.get().reports[call.report] ?? null)
  if (call.state === 'ringing') fillIn(call)
  if (bringUp || work.get().current === null) show(call.id)
  else work.update((now) => (now.calls.includes(call.id) ? now : { ...now, calls: [...now.calls, call.id] }))
  void refresh(call.id).then(() => fillIn(call))
}

async function refresh(call: string) {
  const detail = await readCall(call).catch(() => null)
  if (detail?.report) drafts.heard(detail.report)
}

/** What the network said of the caller, where the form is still empty. */
function fillIn(call: CallView) {
  const draft = drafts.get(call.report)
  if (!draft || draft.base.revision > 0) return
  const change = {
    ...(call.number && !draft.fields.caller_number ? { caller_number: call.number } : {}),
    ...(call.name && !draft.fields.caller_name ? { caller_name: call.name } : {}),
    ...(call.location?.position && !draft.fields.position ? { position: call.location.position } : {}),
  }
  if (Object.keys(change).length > 0) drafts.edit(call.report, change)
}

/** After a snapshot: what is mine among the calls that are up, what this browser remembers, and what the server has unclosed. */
async function gather() {
  const user = me()?.id
  const { calls, offered } = live.get()
  for (const call of Object.values(calls)) {
    if (call.operator === user && call.state !== 'ended') take(call, call.state !== 'detached' || call.id === offered)
  }
  const since = Date.now() - HOURS_BACK * 3_600_000
  const recent = await get<CallView[]>('/calls?limit=30').catch(() => [])
  const mine = recent.filter(
    (call) => call.operator === user && call.answered_at && Date.parse(call.arrived_at) > since,
  )
  const known = new Set([...remembered(), ...mine.map((call) => call.id)])
  for (const id of [...known].slice(0, 12)) {
    if (work.get().calls.includes(id)) continue
    const detail = await readCall(id).catch(() => null)
    if (!detail || detail.report?.disposition || detail.call.operator !== user || !detail.call.answered_at) continue
    take(detail.call, false)
  }
}

function remembered(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(key()) ?? '[]')
    return Array.isArray(list) ? list.filter((id): id is string => typeof id === 'string') : []
  } catch {
    return []
  }
}

export function runWork() {
  work.subscribe(() => {
    if (me()) localStorage.setItem(key(), JSON.stringify(work.get().calls))
  })
  watchLive((event) => {
    const user = me()?.id
    switch (event.event) {
      case 'snapshot': {
        for (const call of work.get().calls) void refresh(call)
        void gather()
        drafts.wake()
        break
      }
      case 'offered':
        take(event.call, true)
        break
      case 'offer_withdrawn':
        forget(event.call, user)
        break
      case 'call':
        if (event.call.operator === user && event.call.state === 'active' && !work.get().calls.includes(event.call.id))
          take(event.call, true)
        else if (work.get().calls.includes(event.call.id)) drafts.wake()
        break
      case 'report':
        drafts.heard(event.report)
        break
    }
  })
  session.subscribe(() => {
    if (session.get().phase !== 'out') return
    work.set({ calls: [], current: null })
  })
  window.addEventListener('online', () => drafts.wake())
}

/** A call that rang here and was not taken: its form goes away. */
function forget(call: string, user: string | undefined) {
  const view = live.get().calls[call]
  if (view?.operator === user && view?.answered_at) return
  leave(call)
}
