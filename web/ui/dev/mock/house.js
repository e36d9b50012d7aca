// The mock server's memory: calls, reports, incidents, and the events that it tells to every live socket.
import { agencies, cameras, colleague, id, teams, types, user } from './city.js'
import { callFacts, Phones } from './phones.js'

let count = 0
export const fresh = (kind) => id(kind, Date.now() + count++)
const now = () => new Date().toISOString()

export class House {
  sockets = new Set()
  calls = new Map()
  reports = new Map()
  incidents = new Map()
  timeline = []
  alarms = new Map()
  footage = new Map()
  operators = new Map([
    [
      colleague.id,
      {
        id: colleague.id,
        name: colleague.name,
        state: { state: 'paused', reason: 'prayer' },
        since: now(),
        call: null,
        media_connected: true,
        browser_connected: true,
        skills: colleague.skills,
        languages: colleague.languages,
      },
    ],
  ])
  serviceLevels = [
    { within_s: 15, goal_percent: 90, answered: 189, of: 205 },
    { within_s: 20, goal_percent: 95, answered: 191, of: 204 },
  ]
  phones = new Phones(this)
  lists = { agencies, teams, types, cameras }

  tell(event) {
    for (const socket of this.sockets) socket.send(JSON.stringify(event))
  }

  snapshot() {
    const calls = [...this.calls.values()].filter(({ state }) => state !== 'ended')
    return {
      event: 'snapshot',
      now: now(),
      calls,
      operators: [...this.operators.values()],
      alarms: [...this.alarms.values()],
      trunks: [...this.phones.trunks.values()],
    }
  }

  operator(change) {
    const before = this.operators.get(user.id) ?? {
      id: user.id,
      name: user.name,
      state: { state: 'preparing' },
      since: now(),
      call: null,
      media_connected: false,
      browser_connected: true,
      skills: user.skills,
      languages: user.languages,
    }
    const operator = { ...before, ...change, since: change.state ? now() : before.since }
    this.operators.set(user.id, operator)
    this.tell({ event: 'operator', operator })
  }

  colleague(change) {
    const operator = { ...this.operators.get(colleague.id), ...change, since: now() }
    this.operators.set(colleague.id, operator)
    this.tell({ event: 'operator', operator })
  }

  log(kind, data = {}, about = {}, actor = { who: 'user', id: user.id, name: user.name }) {
    const entry = { seq: this.timeline.length + 1, at: now(), actor, kind, call: null, incident: null, data, ...about }
    this.timeline.push(entry)
    this.tell({ event: 'timeline', entry })
    return entry
  }

  /** A call arrives and, if asked, rings at the user. */
  arrive({
    number = '+6281170123456',
    name = null,
    location = null,
    ring = true,
    arrived_at = now(),
    silent = false,
    ...facts
  } = {}) {
    const call = {
      ...callFacts,
      id: fresh('10'),
      report: fresh('11'),
      state: ring ? 'ringing' : 'waiting',
      number,
      name,
      dialled: 'urn:service:sos',
      trunk: 'telkom',
      arrived_at,
      answered_at: null,
      ended_at: null,
      ended_by: null,
      operator: ring ? user.id : null,
      operator_name: ring ? user.name : null,
      location,
      ...facts,
    }
    this.calls.set(call.id, call)
    if (silent) return call
    this.tell({ event: 'call', call })
    this.log('call.arrived', {}, { call: call.id }, { who: 'caller' })
    if (ring) {
      this.operator({ state: { state: 'ringing' }, call: call.id })
      this.tell({ event: 'offered', call })
    }
    return call
  }

  set(callId, change) {
    const call = { ...this.calls.get(callId), ...change }
    this.calls.set(callId, call)
    this.tell({ event: 'call', call })
    return call
  }

  change(callId, change, kind, actor) {
    const call = this.set(callId, change)
    this.log(kind, change.ended_by ? { by: change.ended_by } : {}, { call: callId }, actor)
    return call
  }

  answer(callId) {
    this.change(
      callId,
      { state: 'active', answered_at: now(), operator: user.id, operator_name: user.name },
      'call.answered',
    )
    this.operator({ state: { state: 'busy' }, call: callId })
  }

  end(callId, by) {
    this.change(
      callId,
      { state: 'ended', ended_at: now(), ended_by: by },
      'call.ended',
      by === 'caller' ? { who: 'caller' } : undefined,
    )
    this.operator({ state: { state: 'ready' }, call: null })
  }

  openIncident(reportId) {
    const report = this.reports.get(reportId)
    const { place, position, event, details, incident_type } = report.fields
    const incident = {
      id: fresh('20'),
      number: `20261123-${String(this.incidents.size + 7).padStart(4, '0')}`,
      state: 'open',
      incident_type,
      place,
      position,
      event,
      details,
      opened_at: now(),
      opened_by: user.id,
      opened_by_name: user.name,
      closed_at: null,
      dispatches: [],
    }
    this.incidents.set(incident.id, incident)
    this.reports.set(reportId, { ...report, incident: incident.id })
    this.log('incident.opened', { number: incident.number }, { incident: incident.id, call: report.call })
    this.tell({ event: 'incident', incident })
    if (position) for (const camera of cameras.slice(0, 2)) this.keep(camera, incident)
    return incident
  }

  keep(camera, incident) {
    const from = new Date(Date.now() - 120_000).toISOString()
    const footage = {
      id: fresh('30'),
      incident: incident.id,
      camera: camera.id,
      camera_name: camera.name,
      distance_m: 180,
      from,
      to: new Date(Date.now() + 600_000).toISOString(),
    }
    this.footage.set(footage.id, footage)
    this.tell({ event: 'footage', footage })
    this.log('footage.kept', { cameras: [camera.name] }, { incident: incident.id }, { who: 'system' })
  }

  dispatch(incidentId, teamIds) {
    const incident = this.incidents.get(incidentId)
    const more = teamIds.map((team) => {
      const { name, agency_name } = teams.find((one) => one.id === team)
      return {
        id: fresh('21'),
        incident: incidentId,
        team,
        team_name: name,
        agency_name,
        channel: 'telegram',
        progress: 'pending',
        by: null,
        sent_by: user.id,
        created_at: now(),
        updated_at: now(),
        last_error: null,
        dead: false,
        overdue: false,
      }
    })
    this.incidents.set(incidentId, { ...incident, dispatches: [...incident.dispatches, ...more] })
    for (const dispatch of more)
      this.log('dispatch.created', { team_name: dispatch.team_name }, { incident: incidentId })
    this.tell({ event: 'incident', incident: this.incidents.get(incidentId) })
    return more
  }

  progress(dispatchId, change) {
    for (const incident of this.incidents.values()) {
      const found = incident.dispatches.find((one) => one.id === dispatchId)
      if (!found) continue
      const dispatch = { ...found, ...change, updated_at: now() }
      this.incidents.set(incident.id, {
        ...incident,
        dispatches: incident.dispatches.map((one) => (one.id === dispatchId ? dispatch : one)),
      })
      const actor = change.by ? { who: 'team', team: dispatch.team, name: change.by } : { who: 'system' }
      if (change.progress)
        this.log(`dispatch.${change.progress}`, { team_name: dispatch.team_name }, { incident: incident.id }, actor)
      this.tell({ event: 'dispatch', dispatch })
    }
  }

  alarm(kind) {
    const alarm = { id: fresh('40'), raised_at: now(), kind }
    this.alarms.set(alarm.id, alarm)
    this.tell({ event: 'alarm', alarm })
  }
}
