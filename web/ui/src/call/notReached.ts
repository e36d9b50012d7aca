/** Says in the call bar that a person who was called did not answer: the call is gone from the screen at that moment. */
import { t } from '../i18n/i18n'
import { watchLive } from '../live/live'
import { me } from '../session/session'
import { complain } from './actions'

export function runNotReached() {
  watchLive((event, before) => {
    if (event.event !== 'call' || event.call.ended_by !== 'not_reached') return
    const known = before.calls[event.call.id]
    if (!known || known.state === 'ended' || known.operator !== me()?.id) return
    complain(t('call.not_reached', { number: event.call.name || event.call.number || '' }))
  })
}
