/**
 * The reports in this operator's hands: the ringing call, the call in progress, and calls that ended but are not closed with a disposition yet.
 * A ringing call's form comes up at once; the one before stays in the list.
 */
import { ApiError, get, put } from '../api/client'
import type { CallView, ReportView } from '../api/types'
import { live, readCall, watchLive } from '../live/live'
import { atLeast, beforeSignOut, me, session } from '../session/session'
import { serverNow } from '../util/now'
import { Store } from '../util/store'
import { hasNoWords, isDirty } from './draft'
import { Drafts } from './drafts'
import { isElsewhere, isNobodys, maySave } from './holder'

export interface Work {
  /** Calls in order of arrival. */
  calls: string[]
  current: string | null
}

export const work = new Store<Work>({ calls: [], current: null })

export const drafts = new Drafts({
  save: (report, body) => put<ReportView>(`/reports/${report}`, body),
  storage: window.localStorage,
  maySave: (draft) => maySave(live.get().calls[draft.call], me()?.id ?? '', supervises()),
  // The call went to somebody else while this console did not hear of it.
  forbidden: (draft) => void refresh(draft.call),
})

export const supervises = (): boolean => {
  const user = me()
  return user !== null && atLeast(user, 'supervisor')
}

const key = (user: string) => `siaga.work.${user}`
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

/** Puts the report away once the server has its words; fails, and leaves it where it is, if they cannot be saved. */
export async function leave(call: string): Promise<void> {
  const report = reportOf(call)
  if (report) {
    await drafts.flush(report)
    if (!drafts.close(report)) throw new ApiError(409, 'report_changing', 'report_changing')
  }
  unlist(call)
}

/** Puts a report away with the words that were not sent, by the wish of the person who wrote them. */
export function throwAway(call: string) {
  const report = reportOf(call)
  if (report) drafts.discard(report)
  unlist(call)
}

/** A call that is not this operator's: its form goes away, unless there are words in it that only this browser has. */
function letGo(call: string) {
  const report = reportOf(call)
  if (!report || drafts.letGo(report)) unlist(call)
}

const reportOf = (call: string): string | undefined =>
  live.get().calls[call]?.report ?? Object.values(drafts.store.get()).find((draft) => draft.call === call)?.report

function unlist(call: string) {
  work.update((now) => {
    const calls = now.calls.filter((id) => id !== call)
    return { calls, current: now.current === call ? (calls[calls.length - 1] ?? null) : now.current }
  })
}

const list = (call: string) =>
  work.update((now) => (now.calls.includes(call) ? now : { calls: [...now.calls, call], current: now.current ?? call }))

function take(call: CallView, bringUp: boolean) {
  drafts.open(call.report, call.id, live.get().reports[call.report] ?? null)
  if (call.state === 'ringing') fillIn(call)
  if (bringUp) show(call.id)
  else list(call.id)
  void refresh(call.id).then(() => fillIn(call))
}

async function refresh(call: string) {
  const detail = await readCall(call).catch(() => null)
  if (detail?.report) drafts.heard(detail.report)
  const [user, view] = [me()?.id, live.get().calls[call]]
  if (user && view && (isElsewhere(view, user) || isNobodys(view, supervises()))) letGo(call)
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
  if (Object.keys(change).length > 0) drafts.fill(call.report, change)
}

/** The network told where the caller is after the call had come: an empty place on the map is filled, whatever was typed meanwhile. */
function locate(call: CallView) {
  const position = call.location?.position
  const draft = drafts.get(call.report)
  if (position && draft && !draft.fields.position) drafts.fill(call.report, { position })
}

/** After a snapshot: what is mine among the calls that are up, what this browser remembers, and what the server has unclosed. */
async function gather() {
  const user = me()?.id
  if (!user) return
  const { calls, offered } = live.get()
  for (const call of Object.values(calls)) {
    if (call.operator === user && call.state !== 'ended') take(call, call.state !== 'detached' || call.id === offered)
  }
  for (const { report, call } of drafts.shelved()) await reopen(user, report, call)
  const since = serverNow() - HOURS_BACK * 3_600_000
  const recent = await get<CallView[]>('/calls?limit=30').catch(() => [])
  const mine = recent.filter(
    (call) => call.operator === user && call.answered_at && Date.parse(call.arrived_at) > since,
  )
  const known = new Set([...remembered(user), ...mine.map((call) => call.id)])
  for (const id of [...known].slice(0, 12)) {
    if (work.get().calls.includes(id)) continue
    const detail = await readCall(id).catch(() => null)
    if (me()?.id !== user) return
    if (!detail || detail.report?.disposition || detail.call.operator !== user || !detail.call.answered_at) continue
    take(detail.call, false)
  }
}

/** Unsent words of an earlier page or sign-in: sent if the report is still this person's, shown as unsent if not. */
async function reopen(user: string, report: string, call: string) {
  if (drafts.get(report)) return
  const detail = await readCall(call).catch(() => null)
  if (!detail || me()?.id !== user) return
  drafts.open(report, call, detail.report ?? null)
  const now = live.get().calls[call] ?? detail.call
  if (isElsewhere(now, user) || isNobodys(now, supervises())) {
    if (!drafts.letGo(report)) list(call)
    return
  }
  if (maySave(now, user, supervises())) await drafts.flush(report).catch(() => undefined)
  const draft = drafts.get(report)
  if (draft && isDirty(draft)) list(call)
  // Saved after all, and nothing is left to do on it.
  else if (detail.report?.disposition || !detail.call.answered_at) drafts.close(report)
}

function remembered(user: string): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(key(user)) ?? '[]')
    return Array.isArray(list) ? list.filter((id): id is string => typeof id === 'string') : []
  } catch {
    return []
  }
}

export function runWork() {
  work.subscribe(() => {
    const user = me()?.id
    if (user) localStorage.setItem(key(user), JSON.stringify(work.get().calls))
  })
  watchLive((event, before) => {
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
        if (event.call.location && before.calls[event.call.id]?.location == null) locate(event.call)
        if (user && isElsewhere(event.call, user) && work.get().calls.includes(event.call.id)) letGo(event.call.id)
        if (event.call.operator === user && isUp(event.call) && !work.get().calls.includes(event.call.id))
          take(event.call, true)
        else if (work.get().calls.includes(event.call.id)) {
          drafts.wake()
          // Who had it last, only the store knows.
          if (event.call.state === 'ended') void refresh(event.call.id).then(() => putAway(event.call))
        }
        break
      case 'report':
        drafts.heard(event.report)
        break
      case 'timeline':
        // What was typed before the answer may be read from now on.
        if (event.entry.kind === 'call.answered' && work.get().calls.includes(event.entry.call ?? ''))
          void refresh(event.entry.call ?? '')
        break
    }
  })
  beforeSignOut(() => drafts.flushAll())
  let who: string | null = null
  const follow = () => {
    const user = me()?.id ?? null
    if (user === who || session.get().phase === 'loading') return
    const changed = who !== null
    who = user
    if (user) drafts.enter(user)
    else drafts.empty()
    if (changed) work.set({ calls: [], current: null })
  }
  session.subscribe(follow)
  follow()
  window.addEventListener('online', () => drafts.wake())
}

/** Nobody answered the outbound call and nothing was written: there is no report to close. */
function putAway({ id, report, direction, answered_at }: CallView) {
  drafts.wake()
  const draft = drafts.get(report)
  if (direction === 'outbound' && !answered_at && draft && hasNoWords(draft)) void leave(id).catch(() => undefined)
}

const isUp = ({ state }: CallView) => state === 'active' || state === 'calling'

/** A call that rang here and was not taken: its form goes away. */
function forget(call: string, user: string | undefined) {
  const view = live.get().calls[call]
  if (view?.operator === user && view?.answered_at) return
  letGo(call)
}
