/** The trunks by their state. Pure. */
import type { TrunkView } from '../api/types'

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
