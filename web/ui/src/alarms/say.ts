/** What an alarm says. Pure. */
import type { AlarmView } from '../api/types'
import { hasText, t } from '../i18n/i18n'
import type { AlarmLine } from './lines'

export function sayLine({ first, others }: AlarmLine): string {
  const { kind } = first
  const n = others.length + 1
  if (n === 1) return sayAlarm(first)
  switch (kind.kind) {
    case 'nobody_ready':
    case 'recording_failing':
      return t(`alarm.${kind.kind}_many`, { n })
    case 'unanswered':
      return t('alarm.unanswered_many', { n, name: kind.operator_name })
    default:
      return sayAlarm(first)
  }
}

export function sayAlarm({ kind }: AlarmView): string {
  switch (kind.kind) {
    case 'unanswered':
    case 'operator_lost':
      return t(`alarm.${kind.kind}`, { name: kind.operator_name })
    case 'unacknowledged':
    case 'undeliverable':
      return t(`alarm.${kind.kind}`, { team: kind.team_name, number: kind.incident_number })
    case 'machine_alert':
      return t('alarm.machine_alert', { number: kind.incident_number, event: kind.event })
    case 'one_way_audio':
      return t(kind.silent === 'caller' ? 'alarm.caller_silent' : 'alarm.operator_silent')
    case 'party_silent':
      return t('alarm.party_silent', { name: kind.party })
    case 'trunk_down': {
      const why = t(`trunk.trouble.${kind.why}`)
      const full = kind.code ? t('trunk.trouble.code', { why, code: kind.code }) : why
      return t('alarm.trunk_down', { trunk: kind.trunk, why: full })
    }
    case 'voice_beyond_reach':
      return t('alarm.voice_beyond_reach', { trunk: kind.trunk, family: kind.family === 'ipv6' ? 'IPv6' : 'IPv4' })
    case 'calls_refused':
      return t('alarm.calls_refused', { trunk: kind.trunk, why: t(`offer.trouble.${kind.why}`) })
    case 'location_not_allowed':
      return t('alarm.location_not_allowed', { trunk: kind.trunk })
    case 'limit_reached': {
      // Past some bounds no call is refused.
      const own = `alarm.limit.${kind.limit}`
      if (hasText(own)) return t(own)
      const key = `limit.${kind.limit}`
      return t('alarm.limit_reached', { limit: hasText(key) ? t(key) : kind.limit })
    }
    default:
      return t(`alarm.${kind.kind}`)
  }
}
