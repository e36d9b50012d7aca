/** Which alarms stand together in one line, and which line comes first. Pure. */
import type { AlarmView } from '../api/types'

type Kind = AlarmView['kind']['kind']

/**
 * The smaller comes first, whatever its age. A crowd raises an alarm for each caller who waits, and the queue shows them anyway: who is in a call and not
 * heard, who was promised a team, and callers who do not even arrive, are not hidden behind it. What is lost already and only has to be told comes last.
 */
const RANK: Record<Kind, number> = {
  operator_lost: 0,
  one_way_audio: 0,
  party_silent: 0,
  machine_alert: 1,
  undeliverable: 1,
  unacknowledged: 1,
  trunk_down: 2,
  calls_refused: 2,
  limit_reached: 2,
  voice_beyond_reach: 2,
  nobody_ready: 3,
  recording_failing: 4,
  store_failing: 4,
  entries_lost: 4,
  unanswered: 5,
  recording_gap: 6,
  footage_failing: 6,
  location_not_allowed: 6,
}

/** Alarms that are told, and seen to, as one: the oldest, and those that say the same of others. */
export interface AlarmLine {
  first: AlarmView
  others: AlarmView[]
}

/** Of callers who wait, none says more than how many they are. */
const together = (kind: Kind) => kind === 'nobody_ready'

export function linesOf(alarms: AlarmView[]): AlarmLine[] {
  const lines: AlarmLine[] = []
  for (const alarm of alarms.toSorted((a, b) => a.raised_at.localeCompare(b.raised_at))) {
    const line = together(alarm.kind.kind) && lines.find(({ first }) => first.kind.kind === alarm.kind.kind)
    if (line) line.others.push(alarm)
    else lines.push({ first: alarm, others: [] })
  }
  return lines.sort((a, b) => RANK[a.first.kind.kind] - RANK[b.first.kind.kind])
}
