import type { TimelineEntry } from '../api/types'
import { Icon, type IconName } from '../app/Icon'
import { useT } from '../i18n/i18n'
import { live } from '../live/live'
import { useStore } from '../util/store'
import { clock } from '../util/time'
import { around, sentence, who } from './sentence'

/** Everything that happened around one call and its incident, newest first, live. */
export function Timeline({ call, incident }: { call: string | null; incident: string | null }) {
  const t = useT()
  const { timeline } = useStore(live)
  const entries = timeline.filter(
    (entry) => (call !== null && entry.call === call) || (incident !== null && entry.incident === incident),
  )
  return (
    <section aria-label={t('timeline.title')} className="sg-panel sg-timeline" data-testid="timeline">
      <h2>{t('timeline.title')}</h2>
      <TimelineList entries={entries} none={t(call ? 'timeline.empty' : 'timeline.no_call')} />
    </section>
  )
}

export function TimelineList({ entries, none }: { entries: TimelineEntry[]; none: string }) {
  const shown = squeeze([...entries].reverse())
  const others = around(entries)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable by keyboard.
    <ol className="sg-events" tabIndex={0}>
      {shown.map((entry) => (
        <li data-kind={entry.kind} key={entry.seq}>
          <time className="sg-mono sg-dim" dateTime={entry.at}>
            {clock(entry.at)}
          </time>
          <Icon name={iconOf(entry.kind)} size={14} />
          <span className="sg-ellipsis" title={sentence(entry, others)}>
            {sentence(entry, others)}
          </span>
          <span className="sg-dim sg-nowrap">{who(entry, others)}</span>
        </li>
      ))}
      {shown.length === 0 && <li className="sg-dim">{none}</li>}
    </ol>
  )
}

/** Of a run of saves by the form only the newest is worth a line. */
function squeeze(entries: TimelineEntry[]): TimelineEntry[] {
  return entries.filter((entry, i) => entry.kind !== 'report.saved' || entries[i - 1]?.kind !== 'report.saved')
}

const ICONS: Record<string, IconName> = {
  'call.party_dialled': 'arrowOut',
  'call.party_joined': 'join',
  'call.party_left': 'cross',
  'call.merged': 'join',
  'call.handed_over': 'arrowOut',
  'call.caller_gone': 'hangUp',
  'call.transferred': 'arrowOut',
  'call.outbound_dialled': 'arrowOut',
  'call.monitored': 'ear',
  'call.silent_prompt': 'hash',
  'call.located': 'globe',
  'call.relocated': 'globe',
  'call.place_not_fetched': 'warning',
  'call.facts_not_fetched': 'warning',
  'call.digit': 'hash',
  'call.text': 'talk',
  'call.text_opened': 'talk',
  'call.text_closed': 'talk',
  'call.quality': 'bars',
  'alert.received': 'warning',
  'alert.updated': 'warning',
  'alert.cancelled': 'check',
}

function iconOf(kind: string): IconName {
  if (ICONS[kind]) return ICONS[kind]
  if (kind.startsWith('dispatch.')) return 'send'
  if (kind.startsWith('incident.')) return 'warning'
  if (kind.startsWith('report.')) return 'check'
  if (kind.startsWith('footage.')) return 'camera'
  if (kind.startsWith('recording.')) return 'mic'
  return 'phone'
}
