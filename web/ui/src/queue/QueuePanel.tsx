/** Left: who waits, whom to call back, what is in my hands, who works. */
import type { CallView, OperatorView } from '../api/types'
import { Icon, type IconName } from '../app/Icon'
import { Key } from '../app/Key'
import { Countdown } from '../call/Pause'
import { nameOf } from '../call/parties'
import { isDirty } from '../form/draft'
import { drafts, show, showNext, work } from '../form/work'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { live } from '../live/live'
import { session } from '../session/session'
import { sayPause } from '../shift/pause'
import { isLost } from '../shift/phone'
import { useNow } from '../util/now'
import { useStore } from '../util/store'
import { clock, elapsed } from '../util/time'
import { Callbacks } from './Callbacks'
import { inLine, LATE_MS, waitsSince } from './line'

export function QueuePanel() {
  const t = useT()
  const { calls, operators } = useStore(live)
  const now = useStore(session)
  const user = now.phase === 'in' ? now.user.id : ''
  const byArrival = Object.values(calls).sort((a, b) => a.arrived_at.localeCompare(b.arrived_at))
  const waiting = inLine(byArrival)
  const away = byArrival.filter(({ state }) => isAway(state))
  const talking = byArrival.filter(
    ({ state, operator }) => operator !== user && ['active', 'held', 'detached'].includes(state),
  )
  return (
    <aside aria-label={t('queue.title')} className="sg-panel sg-queue">
      <h2>
        {t('queue.waiting')}{' '}
        <span className={waiting.length > 0 ? 'sg-count sg-count-hot' : 'sg-count'} data-testid="queue-length">
          {waiting.length}
        </span>
      </h2>
      <ul className="sg-list" data-testid="queue">
        {waiting.map((call) => (
          <WaitingCall call={call} key={call.id} />
        ))}
        {away.map((call) => (
          <WaitingCall call={call} key={call.id} />
        ))}
        {waiting.length + away.length === 0 && <li className="sg-dim">{t('queue.nobody')}</li>}
      </ul>
      <Callbacks />
      <MyReports />
      <h2>{t('queue.operators')}</h2>
      <ul className="sg-list" data-testid="operators">
        {Object.values(operators)
          .sort((a, b) => a.name.localeCompare(b.name))
          .map((operator) => (
            <Operator
              call={operator.call ? (calls[operator.call] ?? null) : null}
              key={operator.id}
              operator={operator}
            />
          ))}
        {Object.keys(operators).length === 0 && <li className="sg-warn">{t('queue.no_operators')}</li>}
      </ul>
      {talking.some(({ state }) => state === 'detached') && (
        <p className="sg-bad">
          <Icon name="warning" /> {t('queue.detached')}
        </p>
      )}
    </aside>
  )
}

const WAITING_ICONS: Partial<Record<CallView['state'], IconName>> = {
  ringing: 'bell',
  transferring: 'arrowOut',
  transferred: 'join',
  fallback: 'join',
}

/** With somebody who is none of us. */
const isAway = (state: CallView['state']) => state === 'transferred' || state === 'fallback'

function WaitingCall({ call }: { call: CallView }) {
  const t = useT()
  const now = useNow()
  const given = isAway(call.state) || call.state === 'transferring'
  const waited = now - waitsSince(call)
  const note = [
    given && call.parties.map(nameOf).join(', '),
    call.text && t('text.short'),
    t(`call.state.${call.state}`),
    call.operator_name,
    call.priority !== 'normal' && t(`priority.short.${call.priority}`),
  ]
  return (
    <li
      className={`sg-queue-row ${waited > LATE_MS && !given ? 'sg-late' : ''}`}
      data-call-state={call.state}
      data-testid={`call-${call.id}`}
    >
      <Icon name={WAITING_ICONS[call.state] ?? 'clock'} />
      <span className="sg-mono sg-ellipsis">{call.number ?? t('call.no_number')}</span>
      <span className="sg-mono">{elapsed(waited)}</span>
      <span className="sg-dim sg-queue-note">
        {call.priority !== 'normal' && <Icon name={call.priority === 'low' ? 'down' : 'up'} size={12} />}
        {note.filter(Boolean).join(' · ')}
      </span>
    </li>
  )
}

/** Calls in this operator's hands that are not closed yet. */
function MyReports() {
  const t = useT()
  const { calls: mine, current } = useStore(work)
  const { calls } = useStore(live)
  const all = useStore(drafts.store)
  useShortcuts({ previousReport: () => showNext(-1), nextReport: () => showNext(1) })
  return (
    <>
      <h2>
        {t('queue.mine')} <span className="sg-count">{mine.length}</span>
        {mine.length > 1 && <Key of="nextReport" />}
      </h2>
      <ul className="sg-list">
        {mine.map((id) => {
          const call = calls[id]
          const draft = call && all[call.report]
          if (!call) return null
          return (
            <li key={id}>
              <button
                aria-current={id === current || undefined}
                className="sg-list-row sg-pick"
                data-testid={`work-${id}`}
                onClick={() => show(id)}
                type="button"
              >
                <Icon name={call.state === 'ended' ? 'clock' : call.state === 'held' ? 'pause' : 'phone'} />
                <span className="sg-ellipsis">{draft?.fields.place || call.number || t('call.no_number')}</span>
                {draft && isDirty(draft) && <Icon name="warning" />}
                <span className="sg-dim sg-pick-note">
                  {t(`call.state.${call.state}`)} · {clock(call.arrived_at)}
                </span>
              </button>
            </li>
          )
        })}
        {mine.length === 0 && <li className="sg-dim">{t('queue.none_mine')}</li>}
      </ul>
    </>
  )
}

export const OPERATOR_ICONS = {
  preparing: 'clock',
  ready: 'check',
  ringing: 'bell',
  busy: 'phone',
  paused: 'pause',
  wrap_up: 'clock',
} as const

function Operator({ operator, call }: { operator: OperatorView; call: CallView | null }) {
  const t = useT()
  const now = useNow()
  const { state } = operator
  const lost = isLost(operator)
  return (
    <li
      className={`sg-queue-row sg-operator-${state.state}`}
      data-operator-state={state.state}
      data-testid={`operator-${operator.id}`}
    >
      <Icon name={OPERATOR_ICONS[state.state]} />
      <span className="sg-ellipsis">{operator.name}</span>
      <span className="sg-mono">{elapsed(now - Date.parse(operator.since))}</span>
      <span className={lost ? 'sg-bad sg-queue-note' : 'sg-dim sg-queue-note'}>
        {lost
          ? t(operator.browser_connected ? 'operator.no_headset' : 'operator.no_browser')
          : t(`operator.${state.state}`)}
        {state.state === 'paused' && state.reason ? ` · ${sayPause(state.reason)}` : ''}
        {state.state === 'wrap_up' && <Countdown state={state} />}
        {call?.number ? ` · ${call.number}` : ''}
      </span>
    </li>
  )
}
