/** The live state of the switchboard for this page: one socket, one store. */
import { get, socketUrl } from '../api/client'
import type { CallDetail, IncidentDetail, LiveEvent } from '../api/types'
import { me, refreshSession, session } from '../session/session'
import { setClock } from '../util/now'
import { Store } from '../util/store'
import { type Connection, LiveSocket } from './socket'
import { INITIAL, type LiveState, learn, reduce } from './state'

export const live = new Store<LiveState>(INITIAL)
export const connection = new Store<Connection>('connecting')

type Watcher = (event: LiveEvent, before: LiveState) => void
const watchers = new Set<Watcher>()

/** Sees every event after the state took it. */
export function watchLive(watcher: Watcher): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/** Takes one event, as from the socket. */
export function hear(event: LiveEvent) {
  const user = me()
  if (!user) return
  // First, so that whoever looks at what the event brought counts by the right clock.
  if (event.event === 'snapshot' || event.event === 'time') setClock(event.now)
  const before = live.get()
  live.set(reduce(before, event, user.id))
  for (const watcher of watchers) watcher(event, before)
}

const socket = new LiveSocket({
  url: () => socketUrl('/live'),
  onEvent: hear,
  onConnection: (now) => connection.set(now),
  onTrouble: () => void refreshSession(),
  probe: async () => {
    try {
      return (await fetch('/healthz', { signal: AbortSignal.timeout(4000), cache: 'no-store' })).ok
    } catch {
      return false
    }
  },
})

/** Runs the socket while somebody is signed in. */
export function runLive() {
  const follow = () => {
    const { phase } = session.get()
    if (phase === 'in') socket.start()
    if (phase === 'out') {
      socket.stop()
      live.set(INITIAL)
    }
  }
  session.subscribe(follow)
  follow()
}

export async function readCall(id: string): Promise<CallDetail> {
  const detail = await get<CallDetail>(`/calls/${id}`)
  live.update((now) => learn(now, { call: detail.call, report: detail.report ?? undefined, timeline: detail.timeline }))
  return detail
}

export async function readIncident(id: string): Promise<IncidentDetail> {
  const detail = await get<IncidentDetail>(`/incidents/${id}`)
  live.update((now) => learn(now, { incident: detail.incident, timeline: detail.timeline, footage: detail.footage }))
  return detail
}
