import { Popover } from '@mantine/core'
import { Link } from 'wouter'
import type { EarlierCall } from '../api/types'
import { useT } from '../i18n/i18n'
import { dayAndClock } from '../util/time'

/** Earlier calls from this number. Nothing is concluded from them: a nuisance caller may have an emergency. */
export function EarlierCalls({ earlier }: { earlier: EarlierCall[] }) {
  const t = useT()
  if (earlier.length === 0) return null
  return (
    <Popover position="bottom-start" width={460} withinPortal>
      <Popover.Target>
        <button className="sg-link" data-testid="earlier-calls" type="button">
          {t('form.earlier', { n: earlier.length })}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <ul className="sg-list">
          {earlier.map((call) => (
            <li className="sg-list-row" key={call.call}>
              <Link className="sg-mono" href={`/calls/${call.call}`}>
                {dayAndClock(call.arrived_at)}
              </Link>
              <span className="sg-ellipsis">{[call.caller_name, call.place].filter(Boolean).join(' · ') || '—'}</span>
              <span className="sg-dim">
                {call.incident_number ?? (call.disposition ? t(`disposition.${call.disposition}`) : '')}
              </span>
            </li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  )
}
