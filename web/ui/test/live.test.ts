import { describe, expect, it } from 'vitest'
import type {
  AlarmView,
  CallView,
  DispatchView,
  IncidentView,
  LiveEvent,
  ReportView,
  TimelineEntry,
} from '../src/api/types'
import { delayBefore } from '../src/live/backoff'
import { ENDED_BOUND, INITIAL, type LiveState, learn, mergeTimeline, reduce } from '../src/live/state'
import { aCall, anOperator } from './samples'

const ME = 'me'
const call = (id: string, change: Partial<CallView> = {}): CallView => aCall({ id, report: `r-${id}`, ...change })
const operator = anOperator
const entry = (seq: number): TimelineEntry => ({
  seq,
  at: '',
  actor: { who: 'system' },
  kind: 'call.arrived',
  data: {},
})
const play = (...events: LiveEvent[]): LiveState => events.reduce((state, event) => reduce(state, event, ME), INITIAL)
const snapshot = (change: Partial<Extract<LiveEvent, { event: 'snapshot' }>> = {}): LiveEvent => ({
  event: 'snapshot',
  now: '2026-11-28T10:00:00Z',
  calls: [],
  operators: [],
  alarms: [],
  trunks: [],
  ...change,
})

describe('the live state', () => {
  it('rings when a call is offered and stops when it is answered, here or elsewhere', () => {
    const ringing = play({ event: 'offered', call: call('a') })
    expect(ringing.offered).toBe('a')
    expect(
      reduce(ringing, { event: 'call', call: call('a', { state: 'active', operator: ME }) }, ME).offered,
    ).toBeNull()
    const taken = reduce(ringing, { event: 'offer_withdrawn', call: 'a', why: 'answered_elsewhere' }, ME)
    expect(taken).toMatchObject({ offered: null, withdrawn: { call: 'a', why: 'answered_elsewhere' } })
  })

  it('keeps ringing when another call is withdrawn', () => {
    const state = play(
      { event: 'offered', call: call('a') },
      { event: 'offer_withdrawn', call: 'b', why: 'caller_hung_up' },
    )
    expect(state.offered).toBe('a')
  })

  it('is replaced by a snapshot: what is missing from it has ended, what rings goes on ringing', () => {
    const alarm = { id: 'x', raised_at: '', kind: { kind: 'store_failing' } } satisfies AlarmView
    const state = play(
      { event: 'offered', call: call('a') },
      { event: 'call', call: call('b', { state: 'active' }) },
      { event: 'alarm', alarm },
      snapshot({ calls: [call('a')], operators: [operator({ state: { state: 'ringing' }, call: 'a' })] }),
    )
    expect(state.offered).toBe('a')
    expect(state.calls.b?.state).toBe('ended')
    expect(state.alarms).toEqual({})
  })

  it('does not ring any more if the snapshot says that the operator is not being rung', () => {
    expect(
      play(
        { event: 'offered', call: call('a') },
        snapshot({ calls: [call('a', { state: 'waiting' })], operators: [operator()] }),
      ).offered,
    ).toBeNull()
  })

  it('shows a dispatch in its incident, and each event of the timeline once and in order', () => {
    const dispatch = {
      id: 'd',
      incident: 'i',
      progress: 'pending',
      created_at: '1',
      overdue: false,
      dead: false,
    } as DispatchView
    const incident = { id: 'i', dispatches: [dispatch] } as unknown as IncidentView
    const state = play(
      { event: 'incident', incident },
      { event: 'dispatch', dispatch: { ...dispatch, progress: 'acknowledged', by: 'Joko' } },
    )
    expect(state.incidents.i?.dispatches).toHaveLength(1)
    expect(state.incidents.i?.dispatches[0]).toMatchObject({ progress: 'acknowledged', by: 'Joko' })
    expect(mergeTimeline([entry(1), entry(3)], [entry(2), entry(3)]).map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  it('does not let an older answer overwrite a newer report', () => {
    const report = { id: 'r', call: 'a', revision: 5, saved_at: '', fields: {} } as never as Parameters<
      typeof learn
    >[1]['report'] &
      object
    const state = learn(INITIAL, { report })
    expect(learn(state, { report: { ...report, revision: 4 } }).reports.r?.revision).toBe(5)
  })

  it('does not lose what live events told while an older answer was on its way', () => {
    const at = (second: number) => `2026-11-23T08:00:0${second}Z`
    const dispatch = { id: 'd', incident: 'i', progress: 'sent', created_at: at(1), updated_at: at(2) } as DispatchView
    const before = { id: 'i', state: 'open', dispatches: [] } as unknown as IncidentView
    const report = { id: 'r', call: 'a', revision: 5, saved_at: '', fields: {} } as never as ReportView
    const state = play(
      { event: 'report', report: { ...report, incident: 'i', disposition: 'normal' } },
      { event: 'incident', incident: { ...before, state: 'closed', closed_at: at(3), dispatches: [dispatch] } },
    )
    const stale = { ...before, dispatches: [{ ...dispatch, progress: 'pending' as const, updated_at: at(1) }] }
    for (const incident of [before, stale]) {
      const after = learn(state, { incident, report })
      expect(after.incidents.i).toMatchObject({ state: 'closed', closed_at: at(3), dispatches: [{ progress: 'sent' }] })
      expect(after.reports.r).toMatchObject({ incident: 'i', disposition: 'normal' })
    }
  })

  it('collects the keys of the caller, and survives events that it does not know', () => {
    const state = play({ event: 'digit', call: 'a', digit: '1' }, { event: 'digit', call: 'a', digit: '#' }, {
      event: 'later',
    } as never)
    expect(state.digits.a).toBe('1#')
  })

  it('knows the trunks from the snapshot and from what changes', () => {
    const trunk = (name: string, state: 'up' | 'down') => ({ name, state, since: '', calls: 0 })
    const state = play(snapshot({ trunks: [trunk('telkom', 'up'), trunk('indosat', 'up')] }), {
      event: 'trunk',
      trunk: trunk('telkom', 'down'),
    })
    expect(Object.values(state.trunks).map(({ name, state }) => [name, state])).toEqual([
      ['telkom', 'down'],
      ['indosat', 'up'],
    ])
    expect(reduce(state, snapshot(), ME).trunks).toEqual({})
  })

  it('keeps the last word on the sound of each side, until the call is over', () => {
    const heard = (side: 'caller' | 'operator', mos: number): LiveEvent => ({
      event: 'quality',
      call: 'a',
      side,
      mos,
      loss_percent: 1,
      jitter_ms: 5,
    })
    const state = play(
      { event: 'call', call: call('a', { state: 'active' }) },
      heard('caller', 4.2),
      heard('operator', 3),
      heard('caller', 2.5),
    )
    expect(state.quality.a).toMatchObject({ caller: { mos: 2.5 }, operator: { mos: 3 } })
    const later = reduce(state, snapshot({ calls: [call('b')] }), ME)
    expect(later.quality.a).toBeDefined()
    const many = Array.from({ length: ENDED_BOUND + 1 }, (_, i) =>
      call(`x${i}`, { state: 'ended', arrived_at: '2027' }),
    )
    expect(many.reduce((all, one) => reduce(all, { event: 'call', call: one }, ME), later).quality).toEqual({})
  })

  it('stays small over a long shift', () => {
    const events = Array.from(
      { length: ENDED_BOUND + 20 },
      (_, i): LiveEvent => ({
        event: 'call',
        call: call(`c${i}`, { state: 'ended', arrived_at: new Date(i * 1000).toISOString() }),
      }),
    )
    const kept = Object.keys(play(...events).calls)
    expect(kept).toHaveLength(ENDED_BOUND)
    expect(kept).not.toContain('c0')
  })
})

it('comes back at once after a loss, then with growing pauses', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 50].map(delayBefore)).toEqual([0, 300, 1200, 2700, 4800, 7000, 7000, 7000])
})
