/** The desk phone that this operator works with in place of the headset, and those that may be chosen. */
import type { OperatorView, PhoneView } from '../api/types'
import { live } from '../live/live'
import type { LiveState } from '../live/state'
import { me } from '../session/session'
import { useSelect } from '../util/store'

/** Registered, nobody else's, and free. */
export function choosable(phones: Record<string, PhoneView>, user: { id: string; username: string }): PhoneView[] {
  return Object.values(phones).filter(
    ({ state, belongs_to, operator }) =>
      state !== 'away' && (!belongs_to || belongs_to === user.username) && (!operator || operator === user.id),
  )
}

/** Whether no call can reach the operator, by headset or phone, or the page is closed that a headset needs. */
export function isLost({ phone, media_connected, browser_connected, state }: OperatorView): boolean {
  if (phone) return !media_connected
  return !browser_connected || (!media_connected && state.state !== 'preparing')
}

export type HandsetState = PhoneView['state'] | 'lift'

/** How the operator's phone stands; `lift`: a call waits for its handset. */
export function handset(operator: OperatorView | undefined, phones: Record<string, PhoneView>): HandsetState | null {
  if (!operator?.phone) return null
  const state = phones[operator.phone]?.state ?? 'away'
  return operator.state.state === 'busy' && state === 'ringing' ? 'lift' : state
}

const mine = ({ operators }: LiveState) => operators[me()?.id ?? '']

export const useMyPhone = () => useSelect(live, (state) => mine(state)?.phone ?? null)
export const useHandset = () => useSelect(live, (state) => handset(mine(state), state.phones))
