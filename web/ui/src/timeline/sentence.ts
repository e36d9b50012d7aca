/** One line of text per event. Unknown kinds are shown by their name, so that nothing that happened is hidden. Pure. */
import type { TimelineEntry } from '../api/types'
import { endedKey } from '../call/ended'
import { hasText, type TextKey, t } from '../i18n/i18n'
import { heardIn, sayHeard, sayLost } from './heard'

/** What the other entries say of all of them. */
export interface Around {
  /** The names of those who were called into calls, by their ids: later events tell the id only. */
  parties: Record<string, string>
  /** The calls that were made by us: their other side is no caller. */
  outbound: Set<string>
}

export function around(entries: TimelineEntry[]): Around {
  const of = (kind: string) => entries.filter((entry) => entry.kind === kind)
  const dialled = of('call.party_dialled').map(({ data }) => facts(data))
  return {
    parties: Object.fromEntries(dialled.map(({ party = '', name, number }) => [party, name || number || ''])),
    outbound: new Set(of('call.outbound_dialled').map(({ call }) => call ?? '')),
  }
}

const ALONE: Around = { parties: {}, outbound: new Set() }

export function who(entry: TimelineEntry, { outbound }: Around = ALONE): string {
  const { actor } = entry
  if (actor.who === 'user' || actor.who === 'team') return actor.name
  if (actor.who === 'caller' && outbound.has(entry.call ?? '')) return t('actor.called')
  return t(`actor.${actor.who}`)
}

export function sentence(entry: TimelineEntry, { parties, outbound }: Around = ALONE): string {
  const given = facts(entry.data)
  const data: Facts = { ...given, name: given.name || parties[given.party ?? ''] || '' }
  const key = `event.${entry.kind}`
  if (!hasText(key)) return [entry.kind, ...Object.values(data)].join(' · ')
  const own = DETAILS[entry.kind]?.(data, entry.data)
  if (own !== undefined) return own ? `${t(key)} · ${own}` : t(key)
  const ended =
    entry.kind === 'call.ended' && hasText(`ended.${data.by}`)
      ? t(endedKey(data.by as 'caller', outbound.has(entry.call ?? '') ? 'outbound' : 'inbound'))
      : ''
  const notReached = entry.kind === 'call.ended' ? unreached(data) : ''
  const disposition = hasText(`disposition.${data.disposition}`)
    ? t(`disposition.${data.disposition}` as 'disposition.normal')
    : ''
  const named =
    listed(ended, notReached) ||
    disposition ||
    data.team_name ||
    data.team ||
    data.operator_name ||
    data.text ||
    data.number ||
    cameras(entry.data)
  const detail = /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(named) ? '' : named
  return detail ? `${t(key)} · ${detail}` : t(key)
}

export type Facts = Record<string, string>

const party = ({ name, number }: Facts) => name || number || ''
/** Why somebody did not answer, with the carrier's status for whoever asks the carrier. */
const unreached = ({ unreached: why, code }: Facts) =>
  hasText(`unreached.short.${why}`) ? t(`unreached.short.${why}` as TextKey) + (code ? ` (${code})` : '') : ''
/** Why what the network points to could not be had. */
export const sayUnfetched = ({ why }: Facts) =>
  hasText(`unfetched.${why}`) ? t(`unfetched.${why}` as TextKey) : (why ?? '')
const SIDES = ['caller', 'operator'] as const
/** What of a side was heard and is not in the recording. */
const missing = (side: (typeof SIDES)[number], ms: string | undefined) =>
  Number(ms) > 0 ? t(`recording.missing.${side}`, { seconds: (Math.ceil(Number(ms) / 100) / 10).toFixed(1) }) : ''
const modeOf = (mode: string | undefined) => (hasText(`dial.mode.${mode}`) ? t(`dial.mode.${mode}` as TextKey) : '')
const listed = (...parts: string[]) => parts.filter(Boolean).join(' · ')

/** What stands after the name of an event that has more to say than a name. */
const DETAILS: Record<string, (facts: Facts, data: unknown) => string> = {
  'call.party_dialled': (facts) => listed(party(facts), modeOf(facts.mode)),
  'call.party_joined': party,
  'call.party_left': (facts) =>
    listed(
      party(facts),
      unreached(facts) || (hasText(`party.why.${facts.why}`) ? t(`party.why.${facts.why}` as TextKey) : ''),
    ),
  'call.transferred': party,
  'call.outbound_dialled': party,
  'call.monitored': ({ mode }) => {
    const key = `monitor.${mode || 'stop'}`
    return hasText(key) ? t(key) : ''
  },
  'call.located': ({ civic = '' }) => civic,
  'call.relocated': ({ civic = '' }) => civic,
  'call.digit': ({ digit = '' }) => digit,
  'call.text': ({ text = '' }) => text,
  'call.quality': (facts, data) => listed(sayHeard(heardIn(data), party(facts) || undefined), sayLost(data)),
  'call.place_not_fetched': sayUnfetched,
  'call.facts_not_fetched': sayUnfetched,
  'recording.sealed': (facts) => listed(...SIDES.map((side) => missing(side, facts[`missing_${side}_ms`]))),
  'callback.closed': ({ reason }) => {
    const key = `callback.${reason}`
    return hasText(key) ? t(key) : ''
  },
  'alert.received': ({ headline, event, sender }) => listed(headline || event || '', sender || ''),
  'alert.updated': ({ headline, description }) => headline || description || '',
  'alert.cancelled': ({ headline, description }) => headline || description || '',
}

/** The names of the cameras whose footage was kept. */
function cameras(data: unknown): string {
  const list = typeof data === 'object' && data !== null && 'cameras' in data ? data.cameras : null
  return Array.isArray(list) ? list.filter((name) => typeof name === 'string').join(', ') : ''
}

function facts(data: unknown): Record<string, string> {
  if (typeof data !== 'object' || data === null) return {}
  return Object.fromEntries(
    Object.entries(data)
      .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
      .map(([name, value]) => [name, String(value)]),
  )
}
