/** Ending the work on a report: with a disposition, and with its incident if one was opened. */
import { ApiError, get, post } from '../api/client'
import type { Disposition, IncidentView, ReportView, TimelineEntry } from '../api/types'
import { live } from '../live/live'
import { learn } from '../live/state'
import { inNotes } from './unsentNote'
import { drafts, leave, throwAway } from './work'

/** Closes a report that has no incident; the form goes away once the server has all of its words, also those typed meanwhile. */
export async function closeReport(call: string, report: string, disposition: Disposition): Promise<void> {
  await drafts.flush(report)
  const closed = await post<ReportView>(`/reports/${report}/close`, { disposition })
  live.update((now) => learn(now, { report: closed }))
  await leave(call)
}

/** Closes the incident and with it the report; the form goes away as above. */
export async function closeIncident(
  call: string,
  report: string,
  incident: string,
  disposition: Disposition,
): Promise<void> {
  await drafts.flush(report)
  try {
    const closed = await post<IncidentView>(`/incidents/${incident}/close`, { disposition, note: '' })
    live.update((now) => learn(now, { incident: closed }))
  } catch (error) {
    // Somebody else closed it meanwhile, as was wanted.
    if (!(error instanceof ApiError) || error.code !== 'incident_closed') throw error
  }
  // The incident's first report is closed with it; that of a later call is not.
  const after = await get<ReportView>(`/reports/${report}`)
  if (!after.disposition) await post(`/reports/${report}/close`, { disposition })
  await leave(call)
}

/** Adds the words of a report that is another operator's now to its incident; the form goes away. */
export async function addUnsentAsNote(call: string, incident: string, words: string): Promise<void> {
  for (const text of inNotes(words)) {
    const entry = await post<TimelineEntry>(`/incidents/${incident}/notes`, { text })
    live.update((now) => learn(now, { timeline: [entry] }))
  }
  throwAway(call)
}
