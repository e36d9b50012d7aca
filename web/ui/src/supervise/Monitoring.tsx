/** Under the call bar of a supervisor who listens to a call: to whom, how, and the way out. */
import { useMemo } from 'react'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { monitor } from '../call/partyActions'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { live } from '../live/live'
import { me } from '../session/session'
import { useStore } from '../util/store'
import { MONITOR_ICONS, MonitorButtons } from './MonitorButtons'
import { monitoredBy } from './monitored'

export function Monitoring() {
  const t = useT()
  const { calls } = useStore(live)
  const user = me()?.id ?? ''
  const heard = useMemo(() => monitoredBy(calls, user), [calls, user])
  useShortcuts({ stopMonitor: heard ? () => void monitor(heard.call.id, null) : null })
  if (!heard) return null
  const { call, mode } = heard
  return (
    <section aria-label={t('monitor.title')} className="sg-strip" data-monitor={mode} data-testid="monitoring">
      <span className="sg-strip-facts">
        <span className="sg-tag sg-tag-warn">
          <Icon name={MONITOR_ICONS[mode]} /> {t(`monitor.doing.${mode}`, { name: call.operator_name ?? '' })}
        </span>
        <span className="sg-mono">{call.number ?? t('call.no_number')}</span>
      </span>
      <span className="sg-strip-do">
        <MonitorButtons call={call} may mode={mode} /> <Key of="stopMonitor" />
      </span>
    </section>
  )
}
