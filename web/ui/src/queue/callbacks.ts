/** Calling back who gave up: claimed first, so that two operators do not call the same person. */
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

/** Claims and calls; what is claimed and could not be called is free again. */
export async function callBack({ call, number, claimed_by }: CallbackView, user: string): Promise<void> {
  if (claimed_by !== user && !(await attempt(() => post(`/callbacks/${call}/claim`).then(() => true)))) return again()
  // A refused call is told in the call bar; the claim must not keep others from trying.
  if (!(await callOut(number, call))) await post(`/callbacks/${call}/release`).catch(() => undefined)
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
