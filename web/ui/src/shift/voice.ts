/** Whether this person can speak and hear: by the headset of this page, or by a desk phone that is there. */
import { useStore } from '../util/store'
import { media } from './mediaLeg'
import { useHandset } from './phone'

export function useVoice(): boolean {
  const handset = useHandset()
  const { phase } = useStore(media)
  return handset ? handset !== 'away' : phase === 'connected'
}
