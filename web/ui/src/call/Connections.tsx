/** Whether the server, the headset and the trunks are connected, in words as well as colour. */
import { Icon } from '../app/Icon'
import { useT } from '../i18n/i18n'
import { connection, live } from '../live/live'
import { media } from '../shift/mediaLeg'
import { useMyPhone } from '../shift/phone'
import { downTrunks } from '../supervise/trunks'
import { useSelect, useStore } from '../util/store'

export function Connections() {
  const t = useT()
  const server = useStore(connection)
  const { phase, microphoneProblem } = useStore(media)
  const headset = microphoneProblem ? 'no_microphone' : phase
  const good = headset === 'connected'
  const byPhone = useMyPhone() !== null
  const down = useSelect(live, ({ trunks }) => downTrunks(trunks))
  return (
    <div className="sg-connections">
      <span
        className={server === 'open' ? 'sg-dim' : 'sg-bad'}
        data-connection={server}
        data-testid="connection-server"
      >
        <Icon name={server === 'open' ? 'wifi' : 'offline'} /> {t(`connection.${server}`)}
      </span>
      {!byPhone && (
        <span
          className={good || headset === 'off' ? 'sg-dim' : 'sg-bad'}
          data-connection={headset}
          data-testid="connection-headset"
        >
          <Icon name={good ? 'mic' : 'micOff'} /> {t(`headset.${headset}`)}
        </span>
      )}
      {down && (
        <span
          className="sg-bad sg-ellipsis sg-trunk-down"
          data-testid="trunk-down"
          title={t('trunk.down', { name: down })}
        >
          <Icon name="mast" /> {t('trunk.down', { name: down })}
        </span>
      )}
    </div>
  )
}
