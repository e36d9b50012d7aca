/** What the question "press 1 if you cannot speak" has come to. Pure. */
import type { TimelineEntry } from '../api/types'

export type Silence = 'unasked' | 'asked' | 'cannot_speak'

/** `timeline` is sorted by `seq`. A 1 that was pressed before the question is no answer to it. */
export function silence(call: string, timeline: TimelineEntry[]): Silence {
  const own = timeline.filter((entry) => entry.call === call)
  const asked = own.find(({ kind }) => kind === 'call.silent_prompt')
  if (!asked) return 'unasked'
  const answered = own.some(({ kind, seq, data }) => kind === 'call.digit' && seq > asked.seq && digitOf(data) === '1')
  return answered ? 'cannot_speak' : 'asked'
}

const digitOf = (data: unknown): string =>
  typeof data === 'object' && data !== null && 'digit' in data ? String(data.digit) : ''
