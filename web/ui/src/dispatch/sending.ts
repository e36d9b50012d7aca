/** Opening the incident and sending it to teams. Each step may be done again after a failure without doing anything twice. */
import { post } from '../api/client'
import type { DispatchView, IncidentView } from '../api/types'
import { drafts } from '../form/work'
import { live } from '../live/live'
import { learn } from '../live/state'

export async function send(report: string, incident: string | null, teams: string[]): Promise<void> {
  await drafts.flush(report)
  const id = incident ?? (await open(report))
  if (teams.length > 0) await sendTo(id, teams)
}

/** Sends an incident that is open to teams. */
export async function sendTo(id: string, teams: string[]): Promise<void> {
  const dispatches = await post<DispatchView[]>(`/incidents/${id}/dispatches`, { teams })
  live.update((now) => {
    const known = now.incidents[id]
    if (!known) return now
    const have = new Set(known.dispatches.map((dispatch) => dispatch.id))
    const more = dispatches.filter((dispatch) => !have.has(dispatch.id))
    return learn(now, { incident: { ...known, dispatches: [...known.dispatches, ...more] } })
  })
}

async function open(report: string): Promise<string> {
  const incident = await post<IncidentView>('/incidents', { report })
  live.update((now) => {
    const known = now.reports[report]
    return learn(now, {
      incident: now.incidents[incident.id] ?? incident,
      report: known ? { ...known, incident: incident.id } : undefined,
    })
  })
  return incident.id
}
