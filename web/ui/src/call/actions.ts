/** What an operator does with a call, and the last refusal to show. */
import { post } from '../api/client'
import { sayError } from '../i18n/errors'
import { live } from '../live/live'
import { stopPattern, unlockAudio } from '../shift/audio'
import { media, playCaller } from '../shift/mediaLeg'
import { takeLegBack } from '../shift/shift'
import { Store } from '../util/store'
import { type Action, alreadyDone } from './alreadyDone'
import { afterLastWords } from './lastWords'

export const refusal = new Store<string | null>(null)
let fade: ReturnType<typeof setTimeout> | undefined

export async function act(call: string, action: Action): Promise<void> {
  const ask = () => attempt(() => post(`/calls/${call}/${action}`), action)
  // Who answers here talks here, also if another page has the headset.
  const headsetElsewhere = action === 'answer' && media.get().phase === 'elsewhere'
  // The caller waits for this; everything else is done while it is on its way.
  const asked = headsetElsewhere
    ? takeLegBack()
        .catch(() => undefined)
        .then(ask)
    : action === 'hangup'
      ? afterLastWords(call, ask)
      : ask()
  if (action === 'answer' || action === 'decline') stopPattern('ring')
  if (action === 'answer') {
    unlockAudio()
    void playCaller()
  }
  await asked
  // A failed answer or decline rings on.
  if (live.get().offered === call) live.update((now) => ({ ...now }))
}

export const sendDigits = (call: string, digits: string) => attempt(() => post(`/calls/${call}/digits`, { digits }))

/** Does it, and shows what the server refuses; `undefined` if it did. */
export async function attempt<T>(what: () => Promise<T>, action?: Action): Promise<T | undefined> {
  // Before it is asked: what the live events complain of meanwhile must stay.
  refusal.set(null)
  try {
    return await what()
  } catch (error) {
    if (!alreadyDone(error, action)) complain(sayError(error))
    return undefined
  }
}

/** Says for a while what did not work. */
export function complain(words: string) {
  refusal.set(words)
  clearTimeout(fade)
  fade = setTimeout(() => refusal.set(null), 12_000)
}
