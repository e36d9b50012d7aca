/** What the console knows of the switchboard, and how each live event changes it. Pure. */
import type {
  AlarmView,
  CallView,
  CameraState,
  DispatchView,
  FootageView,
  IncidentView,
  LiveEvent,
  OperatorView,
  PhoneView,
  ReportView,
  TextView,
  TimelineEntry,
  TrunkView,
  Withdrawal,
} from '../api/types'
import { withAll, withLine } from './texts'

export interface LiveState {
  /** Whether a snapshot has been read since the page was loaded. */
  ready: boolean
  calls: Record<string, CallView>
  operators: Record<string, OperatorView>
  alarms: Record<string, AlarmView>
  /** The call that rings at this operator. */
  offered: string | null
  /** Why the last ring stopped without an answer here. */
  withdrawn: { call: string; why: Withdrawal } | null
  reports: Record<string, ReportView>
  incidents: Record<string, IncidentView>
  timeline: TimelineEntry[]
  footage: Record<string, FootageView>
  cameras: Record<string, CameraState>
  /** Keys the caller pressed, by call. */
  digits: Record<string, string>
  /** By name. */
  trunks: Record<string, TrunkView>
  /** Desk phones, by name. */
  phones: Record<string, PhoneView>
  /** How the two sides of a call were heard last, by call. */
  quality: Record<string, Heard>
  /** What is typed, by call. */
  texts: Record<string, TextView>
}

/** Loss, jitter and the estimated opinion score of each side. */
export type Heard = Partial<
  Record<'caller' | 'operator' | 'party', { loss_percent: number; jitter_ms: number; mos: number }>
>

/** Events kept for the timeline; a call's own page reads the rest from the server. */
export const TIMELINE_BOUND = 1000
/** Ended calls stay for the form and the history of the shift. */
export const ENDED_BOUND = 50

export const INITIAL: LiveState = {
  ready: false,
  calls: {},
  operators: {},
  alarms: {},
  offered: null,
  withdrawn: null,
  reports: {},
  incidents: {},
  timeline: [],
  footage: {},
  cameras: {},
  digits: {},
  trunks: {},
  phones: {},
  quality: {},
  texts: {},
}

export function reduce(state: LiveState, event: LiveEvent, me: string): LiveState {
  switch (event.event) {
    case 'snapshot': {
      const calls = keyed(event.calls)
      // The server lists only calls that are up: a call that is missing has ended while the socket was away.
      for (const [id, call] of Object.entries(state.calls)) {
        if (!calls[id]) calls[id] = call.state === 'ended' ? call : { ...call, state: 'ended' }
      }
      const offered = event.operators.find((operator) => operator.id === me && operator.state.state === 'ringing')
      return {
        ...state,
        ready: true,
        calls: boundEnded(calls),
        operators: keyed(event.operators),
        alarms: keyed(event.alarms),
        offered: offered?.call ?? null,
        trunks: Object.fromEntries((event.trunks ?? []).map((trunk) => [trunk.name, trunk])),
        phones: Object.fromEntries((event.phones ?? []).map((phone) => [phone.name, phone])),
        ...only(boundEnded(calls), state),
      }
    }
    case 'offered':
      return {
        ...state,
        calls: { ...state.calls, [event.call.id]: event.call },
        offered: event.call.id,
        withdrawn: null,
      }
    case 'offer_withdrawn':
      return {
        ...state,
        offered: state.offered === event.call ? null : state.offered,
        withdrawn: { call: event.call, why: event.why },
      }
    case 'call': {
      const { call } = event
      const rings = call.state === 'ringing' || call.state === 'waiting'
      const calls = boundEnded({ ...state.calls, [call.id]: call })
      return {
        ...state,
        ...(call.state === 'ended' ? only(calls, state) : null),
        calls,
        offered: state.offered === call.id && !rings ? null : state.offered,
      }
    }
    case 'operator':
      return { ...state, operators: { ...state.operators, [event.operator.id]: event.operator } }
    case 'operator_left':
      return { ...state, operators: without(state.operators, event.operator) }
    case 'report':
      return { ...state, reports: { ...state.reports, [event.report.id]: newer(state.reports, event.report) } }
    case 'incident':
      return { ...state, incidents: withIncident(state.incidents, event.incident) }
    case 'dispatch':
      return { ...state, incidents: withDispatch(state.incidents, event.dispatch) }
    case 'timeline':
      return { ...state, timeline: mergeTimeline(state.timeline, [event.entry]) }
    case 'footage':
      return { ...state, footage: { ...state.footage, [event.footage.id]: event.footage } }
    case 'camera':
      return { ...state, cameras: { ...state.cameras, [event.camera]: event.state } }
    case 'alarm':
      return { ...state, alarms: { ...state.alarms, [event.alarm.id]: event.alarm } }
    case 'alarm_cleared':
      return { ...state, alarms: without(state.alarms, event.alarm) }
    case 'digit':
      return { ...state, digits: { ...state.digits, [event.call]: (state.digits[event.call] ?? '') + event.digit } }
    case 'trunk':
      return { ...state, trunks: { ...state.trunks, [event.trunk.name]: event.trunk } }
    case 'phone':
      return { ...state, phones: { ...state.phones, [event.phone.name]: event.phone } }
    case 'quality': {
      const { call, side, loss_percent, jitter_ms, mos } = event
      const heard = { ...state.quality[call], [side]: { loss_percent, jitter_ms, mos } }
      return { ...state, quality: { ...state.quality, [call]: heard } }
    }
    case 'text':
      return { ...state, texts: { ...state.texts, [event.call]: withLine(state.texts[event.call], event.line) } }
    case 'text_so_far':
      return { ...state, texts: { ...state.texts, [event.call]: withAll(state.texts[event.call], event.text) } }
    default:
      // A server newer than this page may send events it does not know.
      return state
  }
}

/** Sorted by `seq`, each once. */
export function mergeTimeline(known: TimelineEntry[], more: TimelineEntry[]): TimelineEntry[] {
  const last = known[known.length - 1]
  const first = more[0]
  if (more.length === 1 && first && (!last || first.seq > last.seq)) return [...known, first].slice(-TIMELINE_BOUND)
  const bySeq = new Map([...known, ...more].map((entry) => [entry.seq, entry]))
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq).slice(-TIMELINE_BOUND)
}

/** Adds what a page read from the server, without going back behind what live events already told. */
export function learn(
  state: LiveState,
  facts: {
    incident?: IncidentView
    report?: ReportView
    call?: CallView
    timeline?: TimelineEntry[]
    footage?: FootageView[]
  },
): LiveState {
  let next = state
  if (facts.incident) next = { ...next, incidents: withIncident(next.incidents, facts.incident) }
  if (facts.report)
    next = { ...next, reports: { ...next.reports, [facts.report.id]: newer(next.reports, facts.report) } }
  // A call that ended stays so; what a snapshot left out is known only by its absence until then.
  if (facts.call && (!next.calls[facts.call.id] || facts.call.state === 'ended'))
    next = { ...next, calls: { ...next.calls, [facts.call.id]: facts.call } }
  if (facts.timeline?.length) next = { ...next, timeline: mergeTimeline(next.timeline, facts.timeline) }
  if (facts.footage?.length) next = { ...next, footage: { ...next.footage, ...keyed(facts.footage) } }
  return next
}

function newer(reports: Record<string, ReportView>, report: ReportView): ReportView {
  const known = reports[report.id]
  if (!known) return report
  const latest = known.revision > report.revision ? known : report
  // Opening the incident and closing are no new revisions: an answer may have been written before them.
  return {
    ...latest,
    incident: latest.incident ?? known.incident ?? report.incident,
    disposition: latest.disposition ?? known.disposition ?? report.disposition,
  }
}

/** An answer may be older than what live events told meanwhile: a dispatch never goes away or back, and a closed incident stays closed. */
function withIncident(incidents: Record<string, IncidentView>, incident: IncidentView) {
  const known = incidents[incident.id]
  if (!known) return { ...incidents, [incident.id]: incident }
  const after = (a: DispatchView, b: DispatchView) => Date.parse(a.updated_at) > Date.parse(b.updated_at)
  const dispatches = keyed(known.dispatches)
  for (const dispatch of incident.dispatches) {
    const before = dispatches[dispatch.id]
    if (!before || !after(before, dispatch)) dispatches[dispatch.id] = dispatch
  }
  const closed = known.state === 'closed' && { state: known.state, closed_at: known.closed_at }
  return { ...incidents, [incident.id]: { ...incident, ...closed, dispatches: inOrder(Object.values(dispatches)) } }
}

function withDispatch(incidents: Record<string, IncidentView>, dispatch: DispatchView) {
  const incident = incidents[dispatch.incident]
  if (!incident) return incidents
  const others = incident.dispatches.filter((other) => other.id !== dispatch.id)
  return { ...incidents, [incident.id]: { ...incident, dispatches: inOrder([...others, dispatch]) } }
}

const inOrder = (dispatches: DispatchView[]) =>
  dispatches.sort((a, b) => a.created_at.localeCompare(b.created_at) || (a.id < b.id ? -1 : 1))

function boundEnded(calls: Record<string, CallView>): Record<string, CallView> {
  const ended = Object.values(calls).filter((call) => call.state === 'ended')
  if (ended.length <= ENDED_BOUND) return calls
  const drop = new Set(
    ended
      .sort((a, b) => a.arrived_at.localeCompare(b.arrived_at))
      .slice(0, ended.length - ENDED_BOUND)
      .map((call) => call.id),
  )
  return Object.fromEntries(Object.entries(calls).filter(([id]) => !drop.has(id)))
}

/** What is kept beside calls goes with them. */
function only(
  calls: Record<string, CallView>,
  { digits, quality, texts }: LiveState,
): Pick<LiveState, 'digits' | 'quality' | 'texts'> {
  const of = <T>(all: Record<string, T>) => Object.fromEntries(Object.entries(all).filter(([id]) => calls[id]))
  return { digits: of(digits), quality: of(quality), texts: of(texts) }
}

function keyed<T extends { id: string }>(items: T[]): Record<string, T> {
  return Object.fromEntries(items.map((item) => [item.id, item]))
}

function without<T>(record: Record<string, T>, id: string): Record<string, T> {
  const { [id]: _gone, ...rest } = record
  return rest
}
