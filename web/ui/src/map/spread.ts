/** Signs on the map that would lie on each other are set side by side, and too many of them become one with their number. Pure. */
export interface Spot {
  x: number
  y: number
}

export interface Heap {
  /** Indexes of the spots, in their order. */
  members: number[]
  middle: Spot
  /** How far each member is moved from its own spot; null if the heap is shown as one sign. */
  moved: Spot[] | null
}

/** `size` is the room that one sign takes; heaps of more than `most` are shown as one. */
export function spread(spots: Spot[], size: number, most = 6): Heap[] {
  let heaps = spots.map((_, i) => arrange(spots, [i], size, most))
  // Signs that were moved may meet others: go on until nothing touches. Every round has fewer heaps.
  for (;;) {
    const merged = merge(heaps, spots, size)
    if (merged.length === heaps.length) return heaps
    heaps = merged.map((members) => arrange(spots, members, size, most))
  }
}

function arrange(spots: Spot[], members: number[], size: number, most: number): Heap {
  const at = members.map((i) => spots[i] ?? { x: 0, y: 0 })
  const middle = { x: mean(at.map(({ x }) => x)), y: mean(at.map(({ y }) => y)) }
  if (members.length > most) return { members, middle, moved: null }
  const columns = members.length < 4 ? members.length : Math.ceil(members.length / 2)
  const rows = Math.ceil(members.length / columns)
  const moved = at.map(({ x, y }, i) => ({
    x: middle.x + ((i % columns) - (columns - 1) / 2) * size - x,
    y: middle.y + (Math.floor(i / columns) - (rows - 1) / 2) * size - y,
  }))
  return { members, middle, moved }
}

/** Where the signs of a heap are drawn. */
export const drawn = ({ members, middle, moved }: Heap, spots: Spot[]): Spot[] =>
  moved
    ? members.map((i, n) => ({
        x: (spots[i]?.x ?? 0) + (moved[n]?.x ?? 0),
        y: (spots[i]?.y ?? 0) + (moved[n]?.y ?? 0),
      }))
    : [middle]

/** Half a pixel of slack, for the rounding of the grid itself. */
const SLACK = 0.5

/** The members of the heaps, with those that touch put together. */
function merge(heaps: Heap[], spots: Spot[], size: number): number[][] {
  const touch = (p: Spot, q: Spot) => Math.max(Math.abs(p.x - q.x), Math.abs(p.y - q.y)) < size - SLACK
  const merged: { members: number[]; at: Spot[] }[] = []
  for (const heap of heaps) {
    const all = { members: heap.members, at: drawn(heap, spots) }
    for (let i = merged.length - 1; i >= 0; i -= 1) {
      const other = merged[i]
      if (!other?.at.some((p) => all.at.some((q) => touch(p, q)))) continue
      all.members = [...other.members, ...all.members]
      all.at = [...other.at, ...all.at]
      merged.splice(i, 1)
    }
    merged.push(all)
  }
  return merged.map(({ members }) => members.sort((a, b) => a - b))
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
