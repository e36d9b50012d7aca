/** Which call a supervisor listens to, and how. Pure. */
import type { CallView, MonitorMode } from '../api/types'

export interface Monitored {
  call: CallView
  mode: MonitorMode
}

export function monitoredBy(calls: Record<string, CallView>, user: string): Monitored | null {
  for (const call of Object.values(calls)) {
    const mine = call.state !== 'ended' && call.monitors.find(({ supervisor }) => supervisor === user)
    if (mine) return { call, mode: mine.mode }
  }
  return null
}

/** A call with an operator who can be heard. */
export const canMonitor = ({ state }: CallView, operator: string | null | undefined, user: string): boolean =>
  (state === 'active' || state === 'held') && operator !== user
