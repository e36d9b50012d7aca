// The mock server's telephony beside plain calls: calls to others, parties, supervisors who listen, callbacks, trunks.
import { user } from './city.js'
import { fresh } from './house.js'

const now = () => new Date().toISOString()
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString()

export const callFacts = {
  direction: 'inbound',
  priority: 'normal',
  parties: [],
  monitors: [],
  languages: [],
  cell: null,
  additional: [],
  callback_of: null,
}

/** Subscriber and device as RFC 7852 carries them, for pictures. */
export const additional = [
  { kind: 'subscriber', label: 'Emergency contact', value: 'Rudi (suami) +62811555000' },
  { kind: 'comment', label: 'Comment', value: 'Penderita asma, kunci rumah pada tetangga' },
  { kind: 'device', label: 'Device', value: 'Telepon seluler' },
  { kind: 'provider', label: 'Provider', value: 'Telkomsel' },
]

export class Phones {
  callbacks = new Map()
  reputations = new Map()
  trunks = new Map()

  constructor(house) {
    this.house = house
    this.trunk({ name: 'telkom', registered: true })
    this.trunk({ name: 'indosat' })
  }

  trunk({ name, state = 'up', registered = null, detail = null, calls = 0 }) {
    const trunk = { name, state, since: now(), registered, detail, calls }
    this.trunks.set(name, trunk)
    this.house.tell({ event: 'trunk', trunk })
  }

  /** An outbound call of the user; it rings until `house.answer`. */
  callOut(number, callbackOf = null) {
    const call = this.house.arrive({ number, ring: false, silent: true })
    const change = {
      state: 'calling',
      direction: 'outbound',
      dialled: number,
      callback_of: callbackOf,
      operator: user.id,
      operator_name: user.name,
    }
    this.house.operator({ state: { state: 'busy' }, call: call.id })
    this.house.change(call.id, change, 'call.outbound_dialled')
    return call
  }

  dial(callId, { number, name, mode }) {
    const party = { id: fresh('50'), name, number, state: 'dialling', since: now() }
    const call = this.house.calls.get(callId)
    const blind = mode === 'blind' && { state: 'transferring', operator: null, operator_name: null }
    this.house.set(callId, { parties: [...call.parties, party], ...blind })
    this.house.log('call.party_dialled', { party: party.id, name, number, mode }, { call: callId })
    if (blind) this.house.log('call.transferred', { party: party.id }, { call: callId })
    if (blind) this.house.operator({ state: { state: 'ready' }, call: null })
    return party
  }

  party(callId, partyId, change) {
    const { parties } = this.house.calls.get(callId)
    this.house.set(callId, {
      parties: parties.map((one) => (one.id === partyId ? { ...one, ...change, since: now() } : one)),
    })
    const talks = change.state === 'consulting' || change.state === 'joined'
    if (talks) this.house.log('call.party_joined', { party: partyId }, { call: callId }, { who: 'system' })
  }

  drop(callId, partyId) {
    const { parties } = this.house.calls.get(callId)
    const gone = parties.find(({ id }) => id === partyId)
    this.house.set(callId, { parties: parties.filter(({ id }) => id !== partyId), state: 'active' })
    this.house.log('call.party_left', { party: gone?.id, why: 'dropped' }, { call: callId })
  }

  merge(callId) {
    const { parties } = this.house.calls.get(callId)
    this.house.set(callId, { state: 'active', parties: parties.map((one) => ({ ...one, state: 'joined' })) })
    this.house.log('call.merged', {}, { call: callId })
  }

  handOver(callId) {
    const { parties } = this.house.calls.get(callId)
    this.house.set(callId, {
      state: 'transferred',
      operator: null,
      operator_name: null,
      parties: parties.map((one) => ({ ...one, state: 'joined' })),
    })
    this.house.log('call.handed_over', {}, { call: callId })
    this.house.operator({ state: { state: 'wrap_up', until: ago(-30) }, call: null })
  }

  monitor(callId, mode, who = user) {
    const { monitors } = this.house.calls.get(callId)
    const others = monitors.filter(({ supervisor }) => supervisor !== who.id)
    this.house.set(callId, { monitors: mode ? [...others, { supervisor: who.id, name: who.name, mode }] : others })
    const actor = { who: 'user', id: who.id, name: who.name }
    this.house.log('call.monitored', { mode }, { call: callId }, actor)
  }

  digit(callId, digit) {
    this.house.tell({ event: 'digit', call: callId, digit })
    this.house.log('call.digit', { digit }, { call: callId }, { who: 'caller' })
  }

  quality(callId, side, mos, loss_percent = 0.2, jitter_ms = 4) {
    this.house.tell({ event: 'quality', call: callId, side, mos, loss_percent, jitter_ms })
  }

  abandoned({ number, name = null, minutes = 3, waited_s = 42, tries = 0, claimed = null }) {
    const call = fresh('10')
    this.callbacks.set(call, {
      call,
      number,
      name,
      abandoned_at: ago(minutes * 60),
      waited_s,
      tries,
      last_try_at: tries ? ago(60) : null,
      claimed_by: claimed?.id ?? null,
      claimed_by_name: claimed?.name ?? null,
    })
    this.house.tell({ event: 'callbacks' })
  }

  nuisance(number, marks = 3) {
    const id = fresh('51')
    this.reputations.set(id, {
      id,
      number,
      priority: marks >= 3 ? 'low' : 'normal',
      marks,
      last_marked_at: ago(3600),
      expires_at: ago(-82_800),
    })
  }
}

const none = { status: 204, body: null }
const gone = { status: 404, body: { error: { code: 'not_found', message: 'gone' } } }

export const phoneRoutes = (house) => {
  const { phones } = house
  const claim = (call, who) => {
    const row = phones.callbacks.get(call)
    if (!row) return gone
    phones.callbacks.set(call, { ...row, claimed_by: who?.id ?? null, claimed_by_name: who?.name ?? null })
    house.tell({ event: 'callbacks' })
    return none
  }
  const done = (what) => {
    what()
    return none
  }
  return [
    [
      'POST',
      /^\/calls$/,
      (_, { number, callback_of }) => {
        const { id, report } = phones.callOut(number, callback_of)
        const row = phones.callbacks.get(callback_of)
        if (row) phones.callbacks.set(row.call, { ...row, tries: row.tries + 1, last_try_at: now() })
        return { status: 201, body: { call: id, report } }
      },
    ],
    [
      'POST',
      /^\/calls\/([^/]+)\/parties$/,
      ([call], body) => ({ status: 201, body: { party: phones.dial(call, body).id } }),
    ],
    ['DELETE', /^\/calls\/([^/]+)\/parties\/([^/]+)$/, ([call, party]) => done(() => phones.drop(call, party))],
    ['POST', /^\/calls\/([^/]+)\/merge$/, ([call]) => done(() => phones.merge(call))],
    ['POST', /^\/calls\/([^/]+)\/handover$/, ([call]) => done(() => phones.handOver(call))],
    [
      'POST',
      /^\/calls\/([^/]+)\/silent-prompt$/,
      ([call]) => done(() => house.log('call.silent_prompt', {}, { call })),
    ],
    ['PUT', /^\/calls\/([^/]+)\/monitor$/, ([call], { mode }) => done(() => phones.monitor(call, mode))],
    ['DELETE', /^\/calls\/([^/]+)\/monitor$/, ([call]) => done(() => phones.monitor(call, null))],
    ['GET', /^\/callbacks$/, () => [...phones.callbacks.values()]],
    ['POST', /^\/callbacks\/([^/]+)\/claim$/, ([call]) => claim(call, user)],
    ['POST', /^\/callbacks\/([^/]+)\/release$/, ([call]) => claim(call, null)],
    [
      'POST',
      /^\/callbacks\/([^/]+)\/close$/,
      ([call]) =>
        done(() => {
          phones.callbacks.delete(call)
          house.tell({ event: 'callbacks' })
        }),
    ],
    ['GET', /^\/reputations$/, () => [...phones.reputations.values()]],
    ['DELETE', /^\/reputations\/([^/]+)$/, ([id]) => done(() => phones.reputations.delete(id))],
    ['GET', /^\/trunks$/, () => [...phones.trunks.values()]],
  ]
}
