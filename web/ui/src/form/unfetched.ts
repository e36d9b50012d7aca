/** The caller's network names a place that could not be had: the operator asks for it. Pure. */
import type { CallView, TimelineEntry } from '../api/types'
import { hasText, type TextKey } from '../i18n/i18n'

/** Why, in words; null where the network points nowhere, or another way has told the place. */
export function unfetchedPlace({ id, location }: CallView, timeline: TimelineEntry[]): TextKey | null {
  if (location) return null
  const told = timeline.findLast(({ call, kind }) => call === id && kind === 'call.place_not_fetched')
  if (!told) return null
  const { why } = told.data as { why?: unknown }
  const key = `unfetched.${String(why)}`
  return hasText(key) ? key : 'unfetched.refused'
}
