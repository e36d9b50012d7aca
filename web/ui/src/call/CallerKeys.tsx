/** The keys that the caller pressed, large: somebody who cannot speak answers with them. */
import type { CallView } from '../api/types'
import { Icon } from '../app/Icon'
import { useT } from '../i18n/i18n'
import { live } from '../live/live'
import { useSelect } from '../util/store'
import { silence } from './silence'

/** More do not fit, and the last ones are the answer. */
const SHOWN = 8

export function CallerKeys({ call }: { call: CallView }) {
  const t = useT()
  const digits = useSelect(live, (state) => state.digits[call.id] ?? '')
  const timeline = useSelect(live, (state) => state.timeline)
  const silent = silence(call.id, timeline)
  if (!digits && silent === 'unasked') return null
  return (
    <span className={silent === 'cannot_speak' ? 'sg-keys sg-keys-hot' : 'sg-keys'} data-silent={silent} role="status">
      <Icon name="hash" size={18} />
      {digits && (
        <strong className="sg-keys-digits" data-testid="caller-digits" title={t('call.caller_digits')}>
          {[...digits.slice(-SHOWN)].join(' ')}
        </strong>
      )}
      {silent === 'asked' && t('silent.asked')}
      {silent === 'cannot_speak' && t('silent.cannot_speak')}
      {silent === 'unasked' && <span className="sg-visually-hidden">{t('call.caller_digits')}</span>}
    </span>
  )
}
