/** Which alarms stand together in one line, and which line comes first. Pure. */
import type { AlarmView } from '../api/types'

type Kind = AlarmView['kind']['kind']

/**
 * The smaller comes first, whatever its age. A crowd raises an alarm for each caller who waits, and the queue shows them anyway: who is in a call and not
 * heard, who was promised a team, callers who do not even arrive, and calls whose sound is being lost, are not hidden behind it. What is lost already and
 * only has to be told comes last.
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
  recording_failing: 3,
  nobody_ready: 4,
  store_failing: 5,
  entries_lost: 5,
  unanswered: 6,
  recording_gap: 7,
  footage_failing: 7,
  location_not_allowed: 7,
}

/** Alarms that are told, and seen to, as one: the oldest, and those that say the same of others. */
export interface AlarmLine {
  first: AlarmView
  others: AlarmView[]
}

/**
 * What alarms have in common that are told as one; null of one that says more than the others of its kind. Of callers who wait, and of calls that a disk
 * does not take, none says more than how many they are; of calls that were not answered, only who did not answer.
 */
function crowdOf({ kind }: AlarmView): string | null {
  switch (kind.kind) {
    case 'nobody_ready':
    case 'recording_failing':
      return kind.kind
    case 'unanswered':
      return `${kind.kind} ${kind.operator}`
    default:
      return null
  }
}

export function linesOf(alarms: AlarmView[]): AlarmLine[] {
  const lines: AlarmLine[] = []
  const crowds = new Map<string, AlarmLine>()
  for (const alarm of alarms.toSorted((a, b) => a.raised_at.localeCompare(b.raised_at))) {
    const crowd = crowdOf(alarm)
    const known = crowd === null ? undefined : crowds.get(crowd)
    if (known) {
      known.others.push(alarm)
      continue
    }
    const line = { first: alarm, others: [] }
    lines.push(line)
    if (crowd !== null) crowds.set(crowd, line)
  }
  return lines.sort((a, b) => RANK[a.first.kind.kind] - RANK[b.first.kind.kind])
}
