/** Names of the city's districts, villages and islands, and the search among them. The data file is generated (`npm run gazetteer`). */
import type { Position } from '../api/types'
import places from './gazetteer.json'

export interface Place {
  kind: 'district' | 'village' | 'island'
  name: string
  within?: string
  position: Position | null
  populated: boolean
}

const ALL: Place[] = (
  places as { kind: string; name: string; within?: string; at?: number[]; populated?: boolean }[]
).map(({ kind, name, within, at, populated }) => ({
  kind: kind as Place['kind'],
  name,
  within,
  position: at ? { latitude: at[0] ?? 0, longitude: at[1] ?? 0 } : null,
  populated: populated ?? false,
}))

export const islands = () => ALL.filter((place) => place.kind === 'island')

export interface Suggestion {
  place: Place
  /** How much of the end of the text the name would complete, in characters; 0 if the name already stands there whole. */
  typed: number
}

/**
 * Names that the end of the text begins, longest match first. `jl sudirman batam k` suggests `Batam Kota`.
 */
export function suggest(text: string, limit = 6): Suggestion[] {
  const words = [...text.matchAll(/\S+/g)].slice(-4)
  const found = new Map<Place, number>()
  for (const word of words) {
    const tail = text.slice(word.index).toLowerCase().trimEnd()
    if (tail.length < 3) continue
    for (const place of ALL) {
      if (found.has(place)) continue
      const name = place.name.toLowerCase()
      if (name.startsWith(tail) || (place.kind === 'island' && name.replace(/^pulau /, '').startsWith(tail)))
        found.set(place, text.length - word.index)
    }
  }
  const weight = ({ kind, populated }: Place) => (kind === 'district' ? 0 : kind === 'village' ? 1 : populated ? 2 : 3)
  return [...found]
    .map(([place, typed]) => ({ place, typed }))
    .sort((a, b) => b.typed - a.typed || weight(a.place) - weight(b.place) || a.place.name.localeCompare(b.place.name))
    .slice(0, limit)
}

/** The text with its end completed to the chosen name; everything before stays as typed. */
export function complete(text: string, { place, typed }: Suggestion): string {
  return text.slice(0, text.length - typed) + place.name
}
