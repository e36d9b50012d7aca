import type { TrunkView } from '../api/types'
import { Icon, type IconName } from '../app/Icon'
import { useT } from '../i18n/i18n'
import { live } from '../live/live'
import { useNow } from '../util/now'
import { useSelect } from '../util/store'
import { elapsed } from '../util/time'
import { callsOver, trunksInOrder } from './trunks'

const LOOKS: Record<TrunkView['state'], [string, IconName]> = {
  up: ['sg-ok', 'check'],
  down: ['sg-bad', 'warning'],
  unknown: ['sg-dim', 'clock'],
}

/** Every trunk, what is down first. */
export function TrunkList() {
  const t = useT()
  const now = useNow()
  const trunks = trunksInOrder(useSelect(live, (state) => state.trunks))
  const over = callsOver(useSelect(live, (state) => state.calls))
  return (
    <ul className="sg-list" data-testid="trunks">
      {trunks.map(({ name, state, since, registered, detail }) => {
        const [look, icon] = LOOKS[state]
        return (
          <li className="sg-wall-call" data-trunk-state={state} key={name}>
            <span className={look}>
              <Icon name={icon} /> {t(`trunk.state.${state}`)}
            </span>
            <strong>{name}</strong>
            <span className="sg-mono sg-dim">{elapsed(now - Date.parse(since))}</span>
            <span>{t('trunk.calls', { n: over[name] ?? 0 })}</span>
            {registered === false && (
              <span className="sg-bad">
                <Icon name="warning" size={14} /> {t('trunk.unregistered')}
              </span>
            )}
            {registered === true && <span className="sg-dim">{t('trunk.registered')}</span>}
            {detail && (
              <span className="sg-grow sg-ellipsis sg-dim" title={detail}>
                {detail}
              </span>
            )}
          </li>
        )
      })}
      {trunks.length === 0 && <li className="sg-dim">{t('trunk.none')}</li>}
    </ul>
  )
}
