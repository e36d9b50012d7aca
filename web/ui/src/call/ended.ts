import type { CallView } from '../api/types'
import type { TextKey } from '../i18n/i18n'

/** How a call ended, in words that fit who called whom. */
export function endedKey(by: NonNullable<CallView['ended_by']>, direction: CallView['direction']): TextKey {
  if (direction === 'outbound' && (by === 'caller' || by === 'caller_before_answer' || by === 'caller_left'))
    return 'ended.called'
  return `ended.${by}`
}
