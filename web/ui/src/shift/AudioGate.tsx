/** Covers the console while the browser holds sound back, or while another tab has the headset. The call goes on meanwhile. */
import { Button } from '@mantine/core'
import { Icon } from '../app/Icon'
import { useT } from '../i18n/i18n'
import { useStore } from '../util/store'
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
  if (phase === 'elsewhere')
    return (
      <div className="sg-gate" role="alert">
        <p>{t('shift.elsewhere')}</p>
        <Button onClick={() => void takeLegBack()} size="lg">
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
