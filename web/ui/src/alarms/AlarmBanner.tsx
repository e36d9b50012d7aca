import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { live } from '../live/live'
import { useNow } from '../util/now'
import { useStore } from '../util/store'
import { elapsed } from '../util/time'
import { acknowledge, silenced, sounding } from './alarms'
import { sayAlarm } from './say'

/** The oldest alarm in full, and how many more there are. */
export function AlarmBanner() {
  const t = useT()
  const { alarms } = useStore(live)
  const quiet = useStore(silenced)
  const now = useNow()
  const [error, setError] = useState<string | null>(null)
  const open = sounding(alarms, quiet)
  const first = open[0]
  const take = first
    ? () => {
        setError(null)
        void acknowledge(first.id).catch((cause: unknown) => setError(sayError(cause)))
      }
    : null
  useShortcuts({ acknowledge: take })
  if (!first) return null
  const incident = 'incident' in first.kind ? first.kind.incident : null
  return (
    <div aria-live="assertive" className="sg-alarm" data-alarm={first.kind.kind} data-testid="alarm" role="alert">
      <Icon name="warning" size={20} />
      <strong>{sayAlarm(first)}</strong>
      <span className="sg-mono">{elapsed(now - Date.parse(first.raised_at))}</span>
      {open.length > 1 && <span>{t('alarm.more', { n: open.length - 1 })}</span>}
      {error && <span>{error}</span>}
      <span className="sg-grow" />
      {incident && (
        <Link className="sg-alarm-link" data-testid="alarm-incident" href={`/incidents/${incident}`}>
          {t('history.open_incident')}
        </Link>
      )}
      <Button
        className="sg-alarm-button"
        data-testid="acknowledge-alarm"
        onClick={() => take?.()}
        rightSection={<Key of="acknowledge" />}
        size="compact-sm"
      >
        {t('alarm.acknowledge')}
      </Button>
    </div>
  )
}
