/** The trunks by their state. Pure. */
import type { CallView, TrunkView } from '../api/types'

const byName = (trunks: Record<string, TrunkView>) => Object.values(trunks).sort((a, b) => a.name.localeCompare(b.name))

/** What is down comes first. */
export const trunksInOrder = (trunks: Record<string, TrunkView>): TrunkView[] =>
  byName(trunks).sort((a, b) => Number(b.state === 'down') - Number(a.state === 'down'))

/** The names of those that are down; empty if all are up. */
export const downTrunks = (trunks: Record<string, TrunkView>): string =>
  byName(trunks)
    .filter(({ state }) => state === 'down')
    .map(({ name }) => name)
    .join(', ')

/** How many lines of each trunk are taken now, by callers and by those who were called in: calls tell of themselves as they come and go, trunks only when their state changes. */
export function callsOver(calls: Record<string, CallView>): Record<string, number> {
  const over: Record<string, number> = {}
  for (const { trunk, other_lines = [], state } of Object.values(calls)) {
    if (state === 'ended') continue
    for (const line of [trunk, ...other_lines]) over[line] = (over[line] ?? 0) + 1
  }
  return over
}
