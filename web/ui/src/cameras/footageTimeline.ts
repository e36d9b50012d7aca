/** Where each segment of a footage range lies on the player's time, and which one is needed next. Pure. */
import type { FootageIndex, FootageSegment } from '../api/types'

export interface Placed {
  n: number
  /** Seconds from the start of the range. */
  start: number
  end: number
}

/** Smaller gaps are the camera's clock, not missing pictures. */
const GAP_S = 0.5

export function place(segments: FootageSegment[], from: string): Placed[] {
  const zero = Date.parse(from)
  return segments
    .map(({ n, start, duration_ms }) => {
      const at = (Date.parse(start) - zero) / 1000
      return { n, start: at, end: at + duration_ms / 1000 }
    })
    .sort((a, b) => a.start - b.start)
}

/** The first moment of the range: segments may begin a little before what was asked for, and MSE has no time before zero. */
export function origin(index: FootageIndex, from: string): string {
  const first = [...index.segments].sort((a, b) => Date.parse(a.start) - Date.parse(b.start))[0]
  return first && Date.parse(first.start) < Date.parse(from) ? first.start : from
}

/** The segment to load for playing from `time`, or null if enough is there. */
export function nextNeeded(placed: Placed[], time: number, loaded: ReadonlySet<number>, ahead = 20): Placed | null {
  return placed.find(({ n, start, end }) => end > time && start < time + ahead && !loaded.has(n)) ?? null
}

/** Where to go on from `time` if no pictures are there: the start of the next segment; null inside a segment or at the end. */
export function skipGap(placed: Placed[], time: number): number | null {
  if (placed.some(({ start, end }) => time >= start - 0.05 && time < end - 0.05)) return null
  return placed.find(({ start }) => start > time)?.start ?? null
}

/** Stretches with pictures, joined over small gaps. */
export function stretches(placed: Placed[]): { start: number; end: number }[] {
  const joined: { start: number; end: number }[] = []
  for (const { start, end } of placed) {
    const last = joined[joined.length - 1]
    if (last && start - last.end < GAP_S) last.end = Math.max(last.end, end)
    else joined.push({ start, end })
  }
  return joined
}
