/** One line of text per event. Unknown kinds are shown by their name, so that nothing that happened is hidden. Pure. */
import type { TimelineEntry } from '../api/types'
import { hasText, t } from '../i18n/i18n'

export function who(entry: TimelineEntry): string {
  const { actor } = entry
  if (actor.who === 'user' || actor.who === 'team') return actor.name
  return t(`actor.${actor.who}`)
}

export function sentence(entry: TimelineEntry): string {
  const data = facts(entry.data)
  const key = `event.${entry.kind}`
  if (!hasText(key)) return [entry.kind, ...Object.values(data)].join(' · ')
  const ended =
    entry.kind === 'call.ended' && hasText(`ended.${data.by}`) ? t(`ended.${data.by}` as 'ended.caller') : ''
  const disposition = hasText(`disposition.${data.disposition}`)
    ? t(`disposition.${data.disposition}` as 'disposition.normal')
    : ''
  const named =
    ended ||
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
