/** What is typed in calls, line by line, and how each live event changes it. Pure. */
import type { TextLine, TextView } from '../api/types'

/** Lines kept of one call; the timeline has them all. */
const LINES_BOUND = 400

const NONE: TextView = { lines: [], cut: false }

/** A line as it stands now: it is told whole each time, so that one that was missed is made good by the next. */
export function withLine(text: TextView = NONE, line: TextLine): TextView {
  return { ...text, lines: merged(text.lines, [line]) }
}

/** All that was typed so far, by a live event: newer than anything before it. */
export function withAll(known: TextView = NONE, text: TextView): TextView {
  return { cut: known.cut || text.cut, lines: merged(known.lines, text.lines) }
}

/** What a page read from the server: live events that came meanwhile may know more of a line. */
export function learned(known: TextView = NONE, read: TextView): TextView {
  const by = new Map(known.lines.map((line) => [line.n, line]))
  const news = read.lines.filter(({ n, ended }) => !by.has(n) || (ended && !by.get(n)?.ended))
  return withAll(known, { ...read, lines: news })
}

function merged(known: TextLine[], more: TextLine[]): TextLine[] {
  const by = new Map([...known, ...more].map((line) => [line.n, line]))
  // A line that was erased before it was kept is none.
  const lines = [...by.values()].filter(({ ended, text }) => !ended || text.trim() !== '')
  return lines.sort((a, b) => a.n - b.n).slice(-LINES_BOUND)
}
