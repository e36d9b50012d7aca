// The supervisors' page and the queue: goals, order, who listens to whom, and what is down.
import { describe, expect, it } from 'vitest'
import { languageOf, skillOf } from '../src/admin/words'
import type { CallbackView, TrunkView } from '../src/api/types'
import { inLine, isTaken, waitsSince } from '../src/queue/line'
import { canMonitor, monitoredBy } from '../src/supervise/monitored'
import { lightOf, percentOf } from '../src/supervise/serviceLevel'
import { callsOver, downTrunks, trunksInOrder } from '../src/supervise/trunks'
import { aCall } from './samples'

describe('a service level', () => {
  const level = (answered: number, of: number) => ({ within_s: 15, goal_percent: 90, answered, of })

  it('is kept from its goal on, and 89.9 % is not 90 %', () => {
    expect(lightOf(level(900, 1000))).toBe('kept')
    expect(lightOf(level(899, 1000))).toBe('close')
    expect(percentOf(level(899, 1000))).toBe(89)
    expect(lightOf(level(85, 100))).toBe('close')
    expect(lightOf(level(84, 100))).toBe('missed')
  })

  it('says nothing before the first call', () => {
    expect(lightOf(level(0, 0))).toBe('none')
    expect(percentOf(level(0, 0))).toBeNull()
  })
})

it('waiting calls stand by priority, then by arrival; who talks does not wait', () => {
  const at = (id: string, minute: number, change = {}) =>
    aCall({ id, state: 'waiting', arrived_at: `2026-11-23T08:0${minute}:00Z`, ...change })
  const line = inLine([
    at('nuisance', 0, { priority: 'low' }),
    at('late', 3, { state: 'transferring' }),
    at('early', 1),
    at('urgent', 4, { priority: 'high', state: 'ringing' }),
    at('talks', 0, { state: 'active' }),
    at('given', 0, { state: 'transferred' }),
    at('elsewhere', 0, { state: 'fallback' }),
  ])
  expect(line.map(({ id }) => id)).toEqual(['urgent', 'early', 'late', 'nuisance'])
})

describe('listening to a call', () => {
  const me = { supervisor: 'me', name: 'Citra', mode: 'whisper' as const }

  it('is found by who listens, and over when the call is', () => {
    const call = aCall({ state: 'active', monitors: [{ ...me, supervisor: 'other' }, me] })
    expect(monitoredBy({ c: call }, 'me')).toEqual({ call, mode: 'whisper' })
    expect(monitoredBy({ c: call }, 'nobody')).toBeNull()
    expect(monitoredBy({ c: { ...call, state: 'ended' } }, 'me')).toBeNull()
  })

  it('is offered where somebody talks with the caller who is not the supervisor', () => {
    expect(canMonitor(aCall({ state: 'active' }), 'ayu', 'me')).toBe(true)
    expect(canMonitor(aCall({ state: 'held' }), 'ayu', 'me')).toBe(true)
    expect(canMonitor(aCall({ state: 'active' }), 'me', 'me')).toBe(false)
    expect(canMonitor(aCall({ state: 'waiting' }), null, 'me')).toBe(false)
    expect(canMonitor(aCall({ state: 'detached' }), 'ayu', 'me')).toBe(true)
    expect(canMonitor(aCall({ state: 'transferred' }), null, 'me')).toBe(true)
    expect(canMonitor(aCall({ state: 'fallback' }), null, 'me')).toBe(true)
    expect(canMonitor(aCall({ state: 'transferring' }), null, 'me')).toBe(false)
  })
})

it('trunks that are down come first and are named', () => {
  const trunk = (name: string, state: TrunkView['state']): TrunkView => ({ name, state, since: '', calls: 0 })
  const trunks = { b: trunk('b', 'up'), a: trunk('a', 'unknown'), d: trunk('d', 'down'), c: trunk('c', 'down') }
  expect(trunksInOrder(trunks).map(({ name }) => name)).toEqual(['c', 'd', 'a', 'b'])
  expect(downTrunks(trunks)).toBe('c, d')
  expect(downTrunks({ a: trunk('a', 'unknown') })).toBe('')
})

it('who was called into a call takes a line of a trunk as well', () => {
  const calls = {
    one: aCall({ state: 'active', trunk: 'a', other_lines: ['b', 'a', 'b'] }),
    two: aCall({ state: 'waiting', trunk: 'a' }),
    over: aCall({ state: 'ended', trunk: 'b', other_lines: ['b'] }),
  }
  expect(callsOver(calls)).toEqual({ a: 3, b: 2 })
})

it('a call that was lost by who had it waits since then, and not since it came', () => {
  const at = (second: number) => `2026-11-23T08:00:${second}Z`
  const call = aCall({ state: 'waiting', arrived_at: at(10), answered_at: at(12) })
  expect(waitsSince(call)).toBe(Date.parse(at(10)))
  expect(waitsSince({ ...call, waiting_since: at(40) })).toBe(Date.parse(at(40)))
})

it('a callback that another has claimed is left to that person', () => {
  const row = { claimed_by: null } as CallbackView
  expect(isTaken(row, 'me')).toBe(false)
  expect(isTaken({ ...row, claimed_by: 'me' }, 'me')).toBe(false)
  expect(isTaken({ ...row, claimed_by: 'other' }, 'me')).toBe(true)
})

it('skills and languages are brought into the form that the server takes', () => {
  expect(['Fire', ' Search & Rescue ', 'k-9', '--', ''].map(skillOf)).toEqual(['fire', 'search-rescue', 'k-9', '', ''])
  expect(['ID', 'en-GB', 'zh_CN', 'bahasa', '1'].map(languageOf)).toEqual(['id', 'en', 'zh', '', ''])
})
