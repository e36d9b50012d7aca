/** Stands over the console while the browser holds sound back, or while another page has the headset. The call goes on meanwhile. */
import { Button } from '@mantine/core'
import { Icon } from '../app/Icon'
import { refusal } from '../call/actions'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { live } from '../live/live'
import { me } from '../session/session'
import { useSelect, useStore } from '../util/store'
import { audioLocked, unlockAudio } from './audio'
import { media, playCaller } from './mediaLeg'
import { shift, takeLegBack } from './shift'
import { watching } from './watching'

export function AudioGate() {
  const t = useT()
  const locked = useStore(audioLocked)
  const looksOn = useStore(watching)
  const { phase } = useStore(media)
  const listens = useStore(shift) === 'on' || looksOn
  const attached = useSelect(live, ({ operators }) => operators[me()?.id ?? '']?.media_connected ?? false)
  const takeBack = () => void takeLegBack().catch((error: unknown) => refusal.set(sayError(error)))
  if (phase === 'elsewhere')
    return (
      <div className="sg-gate" data-testid="headset-elsewhere" role="alert">
        <p>
          <Icon name="micOff" size={20} /> <strong>{t('shift.elsewhere')}</strong>{' '}
          {t(attached ? 'shift.elsewhere_explain' : 'shift.elsewhere_lost')}
        </p>
        <Button data-testid="use-here" leftSection={<Icon name="mic" />} onClick={takeBack} size="md">
          {t('shift.use_here')}
        </Button>
      </div>
    )
  if (!locked || !listens) return null
  return (
    <div className="sg-gate" data-testid="audio-locked" role="alert">
      <Button
        leftSection={<Icon name="speaker" size={20} />}
        onClick={() => {
          unlockAudio()
          void playCaller()
        }}
        size="md"
      >
        {t('shift.unlock')}
      </Button>
      <p>{t('shift.unlock_explain')}</p>
    </div>
  )
}
