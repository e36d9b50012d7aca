/** Everything the form shows of one call: the call, the draft, the incident. */
import { useQuery } from '@tanstack/react-query'
import type { CallDetail, CallView, FootageView, IncidentView, ReportView } from '../api/types'
import type { TextKey } from '../i18n/i18n'
import { live, readCall, readIncident } from '../live/live'
import { session } from '../session/session'
import { useStore } from '../util/store'
import type { Draft } from './draft'
import { incidentOf, isElsewhere, isNobodys } from './holder'
import { unfetchedPlace } from './unfetched'
import { drafts, supervises } from './work'

export interface OpenReport {
  call: CallView
  draft: Draft
  /** The report as the server last told it. */
  saved: ReportView | null
  incident: IncidentView | null
  footage: FootageView[]
  detail: CallDetail | null
  /** Why the place that the network names could not be had. */
  unfetched: TextKey | null
  /** Another operator has the call now, or nobody had it to its end; what was typed here is not sent any more. */
  elsewhere: boolean
}

const AGAIN_MS = 3000

export function useReport(call: string | null): OpenReport | null {
  const state = useStore(live)
  const all = useStore(drafts.store)
  const who = useStore(session)
  const view = call ? state.calls[call] : undefined
  const ended = view?.state === 'ended'
  const detail = useQuery({
    queryKey: ['call', call],
    enabled: call !== null,
    queryFn: () => readCall(call ?? ''),
    staleTime: 5_000,
    // Once more after a moment: a call that has just come may still be on its way into the database, and its earlier calls with it. After
    // the end the recording is being sealed; it appears here.
    refetchInterval: (query) => {
      const isNew = query.state.dataUpdateCount < 2
      return isNew || (ended && !query.state.data?.recording?.sealed) ? AGAIN_MS : false
    },
  })
  const saved = view ? (state.reports[view.report] ?? null) : null
  const incident = call ? incidentOf(call, saved, state.timeline) : null
  useQuery({
    queryKey: ['incident', incident],
    enabled: incident !== null,
    queryFn: () => readIncident(incident ?? ''),
    staleTime: 30_000,
  })
  const draft = view ? all[view.report] : undefined
  if (!view || !draft) return null
  return {
    call: view,
    draft,
    saved,
    incident: incident ? (state.incidents[incident] ?? null) : null,
    footage: Object.values(state.footage)
      .filter((footage) => footage.incident === incident)
      .sort((a, b) => a.distance_m - b.distance_m),
    detail: detail.data ?? null,
    unfetched: unfetchedPlace(view, state.timeline),
    elsewhere: who.phase === 'in' && (isElsewhere(view, who.user.id) || isNobodys(view, supervises())),
  }
}
