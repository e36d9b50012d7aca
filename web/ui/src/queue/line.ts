/** Who is next: waiting calls in the order in which they will be rung, as far as the console can tell; and whose callbacks are whose. Pure. */
import type { CallbackView, CallPriority, CallView } from '../api/types'

/** From here on a waiting call is late (NENA: 90 % within 15 s). */
export const LATE_MS = 15_000

const RANK: Record<CallPriority, number> = { high: 0, normal: 1, low: 2 }
const WAITS = ['waiting', 'ringing', 'transferring']

export const inLine = (calls: CallView[]): CallView[] =>
  calls
    .filter(({ state }) => WAITS.includes(state))
    .sort((a, b) => RANK[a.priority] - RANK[b.priority] || a.arrived_at.localeCompare(b.arrived_at))

/** Since when nobody has had a call, in milliseconds: one that was lost by who had it waits since then. */
export const waitsSince = ({ waiting_since, arrived_at }: CallView): number => Date.parse(waiting_since ?? arrived_at)

/** Whether somebody else is calling this person already. */
export const isTaken = ({ claimed_by }: CallbackView, user: string): boolean => !!claimed_by && claimed_by !== user
