/** Whose report it is, as far as the call tells. Pure. */
import type { CallView, ReportView, TimelineEntry } from '../api/types'

/** The call that was answered by somebody else than `user`: its report is that person's now. */
export const isElsewhere = (call: CallView, user: string): boolean =>
  !!call.operator && call.operator !== user && call.state !== 'ringing' && call.state !== 'waiting'

/** Whether the server would take a save by `user`: not while the call only rings, and a call that nobody took only once it is over. */
export function maySave(call: CallView | undefined, user: string): boolean {
  if (!call) return true
  if (call.operator) return call.operator === user && call.state !== 'ringing' && call.state !== 'waiting'
  return call.state === 'ended' || call.state === 'fallback'
}

/** The incident of a call, also for somebody who may not read its report any more. */
export const incidentOf = (call: string, saved: ReportView | null, timeline: TimelineEntry[]): string | null =>
  saved?.incident ?? timeline.findLast((entry) => entry.call === call && entry.incident)?.incident ?? null
