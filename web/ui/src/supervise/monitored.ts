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

/** A conversation that can be heard: with an operator, whose headset may be away, with whom the call was given to, or the fallback number. */
export const canMonitor = ({ state }: CallView, operator: string | null | undefined, user: string): boolean =>
  ['active', 'held', 'detached', 'transferred', 'fallback'].includes(state) && operator !== user
