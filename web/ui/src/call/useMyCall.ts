/** The call that this operator talks with, rings for, or holds. */
import type { CallView } from '../api/types'
import { live } from '../live/live'
import { session } from '../session/session'
import { useSelect, useStore } from '../util/store'

export function useMyCall(): CallView | null {
  const now = useStore(session)
  const user = now.phase === 'in' ? now.user.id : ''
  return useSelect(live, ({ calls, offered }) => {
    const mine = Object.values(calls).find(
      ({ operator, state }) => operator === user && ['calling', 'active', 'held', 'detached'].includes(state),
    )
    return mine ?? (offered ? (calls[offered] ?? null) : null)
  })
}
