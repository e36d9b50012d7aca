/** Whose report it is, as far as the call tells. Pure. */
import type { CallView, ReportView, TimelineEntry } from '../api/types'

/** The caller talks, or is about to, with somebody who is no operator: the report can be finished. */
export const isGivenAway = ({ state }: CallView): boolean => ['fallback', 'transferring', 'transferred'].includes(state)

/** The call that was answered by somebody else than `user`: its report is that person's now. */
export const isElsewhere = (call: CallView, user: string): boolean =>
  !!call.operator && call.operator !== user && call.state !== 'ringing' && call.state !== 'waiting'

/** The call that ended and that nobody had: its report is for supervisors only. */
export const isNobodys = (call: CallView, supervises: boolean): boolean =>
  !supervises && !call.operator && call.state === 'ended'

/** Whether the server would take a save by `user`, and it is time for one: not while the call only rings or waits. */
export function maySave(call: CallView | undefined, user: string, supervises = false): boolean {
  if (!call) return true
  if (call.operator) return call.operator === user && call.state !== 'ringing' && call.state !== 'waiting'
  return isGivenAway(call) || (supervises && call.state === 'ended')
}

/** The incident of a call, also for somebody who may not read its report any more. */
export const incidentOf = (call: string, saved: ReportView | null, timeline: TimelineEntry[]): string | null =>
  saved?.incident ?? timeline.findLast((entry) => entry.call === call && entry.incident)?.incident ?? null
