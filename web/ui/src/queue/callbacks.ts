/** Calling back who gave up: one operator for each person. */
import { post } from '../api/client'
import { queries } from '../api/queries'
import type { CallbackView } from '../api/types'
import { attempt } from '../call/actions'
import { callOut } from '../call/partyActions'

/** The server tells no more of them at once. */
export const SHOWN = 500
export const CLOSE_REASONS = ['reached', 'unreachable', 'not_needed'] as const
export type CloseReason = (typeof CLOSE_REASONS)[number]

const again = () => void queries.invalidateQueries({ queryKey: ['callbacks'] })

/** The server claims it for whoever calls, and leaves it to others again where the call is refused. */
export async function callBack({ call, number }: CallbackView): Promise<void> {
  await callOut(number, call)
  again()
}

/** A mailbox answered, or somebody else. `true`: it is to be called back again. */
export const reopen = async (call: string): Promise<boolean> => {
  const done = await attempt(() => post(`/callbacks/${call}/reopen`).then(() => true))
  again()
  return done ?? false
}

export const release = (call: string) => attempt(() => post(`/callbacks/${call}/release`)).then(again)

export const closeCallback = (call: string, reason: CloseReason) =>
  attempt(() => post(`/callbacks/${call}/close`, { reason })).then(again)
