// Calls and operators as the server tells of them, for tests.
import type { CallView, OperatorView, PartyView } from '../src/api/types'

export const aCall = (change: Partial<CallView> = {}): CallView => ({
  id: 'c',
  report: 'r',
  state: 'ringing',
  dialled: '112',
  trunk: 't',
  arrived_at: '2026-11-23T08:00:00Z',
  direction: 'inbound',
  priority: 'normal',
  parties: [],
  monitors: [],
  languages: [],
  ...change,
})

export const anOperator = (change: Partial<OperatorView> = {}): OperatorView => ({
  id: 'me',
  name: 'Ayu',
  state: { state: 'ready' },
  since: '2026-11-23T07:00:00Z',
  media_connected: true,
  browser_connected: true,
  skills: [],
  languages: [],
  ...change,
})

export const aParty = (change: Partial<PartyView> = {}): PartyView => ({
  id: 'p',
  name: 'Damkar',
  number: '0778100',
  state: 'joined',
  since: '2026-11-23T08:01:00Z',
  ...change,
})
