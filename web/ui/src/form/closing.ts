/** Ending the work on a report: with a disposition, and with its incident if one was opened. */
import { ApiError, post } from '../api/client'
import type { Disposition, IncidentView, ReportView } from '../api/types'
import { live } from '../live/live'
import { learn } from '../live/state'
import { drafts, leave } from './work'

/** Closes a report that has no incident; the form goes away. */
export async function closeReport(call: string, report: string, disposition: Disposition): Promise<void> {
  await drafts.flush(report)
  const closed = await post<ReportView>(`/reports/${report}/close`, { disposition })
  live.update((now) => learn(now, { report: closed }))
  leave(call)
}

/** Closes the incident and with it the report; the form goes away. */
export async function closeIncident(
  call: string,
  report: string,
  incident: string,
  disposition: Disposition,
): Promise<void> {
  await drafts.flush(report)
  const closed = await post<IncidentView>(`/incidents/${incident}/close`, { disposition, note: '' })
  live.update((now) => learn(now, { incident: closed }))
  // The server closes the report with its incident; where it does not, this does.
  await post(`/reports/${report}/close`, { disposition }).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.retryable) throw error
  })
  leave(call)
}
