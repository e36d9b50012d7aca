/** Calls to others: from the idle console, and out of a call. What the server refuses is shown in the call bar. */
import { del, post, put } from '../api/client'
import type { CallOut, DialMode, MonitorMode } from '../api/types'
import { unlockAudio } from '../shift/audio'
import { playCaller } from '../shift/mediaLeg'
import { attempt } from './actions'
import type { Contact } from './dialling'
import { afterLastWords } from './lastWords'

export function callOut(number: string, callback: string | null = null): Promise<CallOut | undefined> {
  unlockAudio()
  void playCaller()
  return attempt(() => post<CallOut>('/calls', { number, callback_of: callback }))
}

export function dial(call: string, { name, number }: Contact, mode: DialMode) {
  const ask = () => attempt(() => post(`/calls/${call}/parties`, { number, name: name || null, mode }))
  // Who gives the call away unseen has it no more from then on.
  return mode === 'blind' ? afterLastWords(call, ask) : ask()
}

export const merge = (call: string) => attempt(() => post(`/calls/${call}/merge`))
export const handOver = (call: string) => afterLastWords(call, () => attempt(() => post(`/calls/${call}/handover`)))
export const dropParty = (call: string, party: string) =>
  attempt(() => del(`/calls/${call}/parties/${party}`), 'hangup')
export const promptSilent = (call: string) => attempt(() => post(`/calls/${call}/silent-prompt`))

/** `null` ends it. */
export const monitor = (call: string, mode: MonitorMode | null) =>
  mode ? attempt(() => put(`/calls/${call}/monitor`, { mode })) : attempt(() => del(`/calls/${call}/monitor`), 'hangup')
