/** The supervisors' page: who waits, who works, whether the goals are kept, and what is broken. */
import { useLocation } from 'wouter'
import type { CallView, MonitorMode } from '../api/types'
import { Icon, type IconName } from '../app/Icon'
import { Page } from '../app/Page'
import { Priority } from '../call/CallFacts'
import { isAnswered, nameOf } from '../call/parties'
import { TextPanel } from '../call/TextPanel'
import { hasText } from '../call/texting'
import { useT } from '../i18n/i18n'
import { live } from '../live/live'
import { inLine } from '../queue/line'
import { atLeast, session } from '../session/session'
import { shift } from '../shift/shift'
import { useVoice } from '../shift/voice'
import { stopWatching } from '../shift/watching'
import { useNow } from '../util/now'
import { useStore } from '../util/store'
import { elapsed } from '../util/time'
import { MonitorButtons } from './MonitorButtons'
import { canMonitor, monitoredBy } from './monitored'
import { OperatorTable } from './OperatorTable'
import { Reputations } from './Reputations'
import { Tiles } from './Tiles'
import { TrunkList } from './TrunkList'

export function Wall() {
  const t = useT()
  const now = useStore(session)
  const { calls, operators } = useStore(live)
  if (now.phase !== 'in' || !atLeast(now.user, 'supervisor'))
    return <Page title={t('page.supervise')}>{t('error.forbidden')}</Page>
  const user = now.user.id
  const all = Object.values(calls)
  const waiting = inLine(all)
  const talking = all
    .filter(({ state }) => ['calling', 'active', 'held', 'detached', 'transferred', 'fallback'].includes(state))
    .sort((a, b) => a.arrived_at.localeCompare(b.arrived_at))
  const heard = monitoredBy(calls, user)
  const people = Object.values(operators).sort((a, b) => a.name.localeCompare(b.name))
  return (
    <Page title={t('page.supervise')}>
      <Tiles operators={people} waiting={waiting.filter(({ state }) => state !== 'transferring')} />
      {hasText(heard?.call) && <TextPanel call={heard.call} key={heard.call.id} may={false} named />}
      <div className="sg-wall">
        <section aria-label={t('wall.in_progress')} className="sg-panel">
          <h2>
            {t('queue.waiting')} <span className="sg-count">{waiting.length}</span>
          </h2>
          <ul className="sg-list" data-testid="wall-waiting">
            {waiting.map((call) => (
              <CallRow call={call} key={call.id} />
            ))}
            {waiting.length === 0 && <li className="sg-dim">{t('queue.nobody')}</li>}
          </ul>
          <h2>
            {t('wall.in_progress')} <span className="sg-count">{talking.length}</span>
          </h2>
          <HeadsetNote />
          <ul className="sg-list" data-testid="wall-calls">
            {talking.map((call) => (
              <CallRow
                call={call}
                key={call.id}
                monitors={
                  canMonitor(call, call.operator, user) ? (heard?.call.id === call.id ? heard.mode : null) : undefined
                }
              />
            ))}
            {talking.length === 0 && <li className="sg-dim">{t('wall.none_in_progress')}</li>}
          </ul>
        </section>
        <section aria-label={t('queue.operators')} className="sg-panel">
          <h2>{t('queue.operators')}</h2>
          <OperatorTable calls={calls} operators={people} />
        </section>
        <section aria-label={t('trunk.title')} className="sg-panel">
          <h2>{t('trunk.title')}</h2>
          <TrunkList />
        </section>
        <section aria-label={t('reputation.title')} className="sg-panel">
          <h2>{t('reputation.title')}</h2>
          <Reputations />
        </section>
      </div>
    </Page>
  )
}

const STATE_ICONS: Partial<Record<CallView['state'], IconName>> = {
  ringing: 'bell',
  active: 'phone',
  held: 'pause',
  calling: 'arrowOut',
  transferring: 'arrowOut',
  transferred: 'join',
  fallback: 'join',
  detached: 'warning',
}

/** `monitors` is this supervisor's own listening, null if there is none, and not given where there is nothing to hear. */
function CallRow({ call, monitors }: { call: CallView; monitors?: MonitorMode | null | undefined }) {
  const t = useT()
  const now = useNow()
  const hasVoice = useVoice()
  const since = call.waiting_since ?? call.answered_at ?? call.arrived_at
  const parties = call.parties.filter((party) => isAnswered(party) || call.state === 'transferring').map(nameOf)
  return (
    <li className="sg-wall-call" data-call-state={call.state} data-testid={`wall-call-${call.id}`}>
      <Icon name={STATE_ICONS[call.state] ?? 'clock'} />
      <span className="sg-wall-state">{t(`call.state.${call.state}`)}</span>
      <span className="sg-mono">{call.number ?? t('call.no_number')}</span>
      <span className="sg-mono">{elapsed(now - Date.parse(since))}</span>
      <span className="sg-grow sg-ellipsis">{[call.operator_name, ...parties].filter(Boolean).join(' · ')}</span>
      <Priority brief call={call} />
      {call.monitors
        .filter(() => monitors === undefined || monitors === null)
        .map(({ supervisor, name, mode }) => (
          <span className="sg-tag sg-tag-warn" key={supervisor}>
            {t(`monitor.by.${mode}`, { name })}
          </span>
        ))}
      {monitors !== undefined && <MonitorButtons call={call} may={hasVoice} mode={monitors} />}
    </li>
  )
}

/** Listening needs the supervisor's own headset, or a desk phone. */
function HeadsetNote() {
  const t = useT()
  const [, go] = useLocation()
  const on = useStore(shift) === 'on'
  const hasVoice = useVoice()
  if (hasVoice) return null
  return (
    <p className="sg-note" data-testid="needs-headset">
      <Icon name="micOff" /> {t(on ? 'monitor.no_headset' : 'monitor.no_shift')}{' '}
      {!on && (
        <button
          className="sg-link"
          onClick={() => {
            stopWatching()
            go('/')
          }}
          type="button"
        >
          {t('shift.start')}
        </button>
      )}
    </p>
  )
}
