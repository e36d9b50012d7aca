/** Says in the call bar why a person who was called did not answer: call or party are gone from the screen at that moment. */
import type { CallView, Unreached } from '../api/types'
import { t } from '../i18n/i18n'
import { watchLive } from '../live/live'
import { me } from '../session/session'
import { complain } from './actions'

export function runNotReached() {
  watchLive((event, before) => {
    if (event.event === 'party_unreached') complain(sayUnreached(event.party, event.why))
    if (event.event !== 'call' || event.call.ended_by !== 'not_reached') return
    const known = before.calls[event.call.id]
    if (!known || known.state === 'ended' || known.operator !== me()?.id) return
    complain(sayUnreached(nameOf(event.call), event.call.unreached))
  })
}

const nameOf = ({ name, number }: CallView) => name || number || ''

/** What happened, and what to do next. */
export const sayUnreached = (number: string, why: Unreached | null | undefined) =>
  t(why ? `unreached.${why}` : 'call.not_reached', { number })
