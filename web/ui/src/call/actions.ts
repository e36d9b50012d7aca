/** What an operator does with a call, and the last refusal to show. */
import { post } from '../api/client'
import { sayError } from '../i18n/errors'
import { live } from '../live/live'
import { stopPattern, unlockAudio } from '../shift/audio'
import { playCaller } from '../shift/mediaLeg'
import { Store } from '../util/store'
import { type Action, alreadyDone } from './alreadyDone'

export const refusal = new Store<string | null>(null)
let fade: ReturnType<typeof setTimeout> | undefined

export async function act(call: string, action: Action): Promise<void> {
  if (action === 'answer' || action === 'decline') stopPattern('ring')
  if (action === 'answer') {
    unlockAudio()
    void playCaller()
  }
  await attempt(() => post(`/calls/${call}/${action}`), action)
  // A failed answer or decline rings on.
  if (live.get().offered === call) live.update((now) => ({ ...now }))
}

export const sendDigits = (call: string, digits: string) => attempt(() => post(`/calls/${call}/digits`, { digits }))

async function attempt(what: () => Promise<unknown>, action?: Action) {
  try {
    await what()
    refusal.set(null)
  } catch (error) {
    if (alreadyDone(error, action)) return refusal.set(null)
    refusal.set(sayError(error))
    clearTimeout(fade)
    fade = setTimeout(() => refusal.set(null), 12_000)
  }
}
