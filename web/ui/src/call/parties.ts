/** What can be done with the others of a call, and the sentences about it. Pure. */
import type { CallView, PartyView } from '../api/types'

/** The call is with its operator: somebody may be called in. */
export const isMine = (call: CallView): boolean => call.state === 'active' || call.state === 'held'

/** The caller has left, and the operator goes on with those who were called in. */
export const callerGone = (call: CallView): boolean => Boolean(call.caller_gone_at) && call.state !== 'ended'

/** The caller is there, and with the operator: may be held, asked and given to others. */
export const hasCaller = (call: CallView): boolean => isMine(call) && !callerGone(call)

/** The party that the operator talks with alone, while the caller waits. */
export const consulted = (call: CallView): PartyView | null =>
  call.parties.find(({ state }) => state === 'consulting') ?? null

export const isAnswered = ({ state }: PartyView): boolean => state === 'consulting' || state === 'joined'

/** Consulting becomes a conversation of all. */
export const canMerge = (call: CallView): boolean => hasCaller(call) && consulted(call) !== null

/** The operator can only leave a caller to somebody who has answered. */
export const canHandOver = (call: CallView): boolean => hasCaller(call) && call.parties.some(isAnswered)

/** The party that was added last, which the key takes out. */
export const lastParty = (call: CallView): PartyView | null =>
  call.parties.reduce<PartyView | null>((last, party) => (last && last.since > party.since ? last : party), null)

export const nameOf = ({ name, number }: { name?: string | null; number: string }): string => name || number

/** Who the caller is left with. */
export const handedTo = (call: CallView): string => call.parties.filter(isAnswered).map(nameOf).join(', ')
