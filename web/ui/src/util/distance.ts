import type { Position } from '../api/types'

/** Metres between two positions on the sphere. */
export function metresBetween(a: Position, b: Position): number {
  const rad = Math.PI / 180
  const [lat1, lat2] = [a.latitude * rad, b.latitude * rad]
  const half = (x: number) => Math.sin(x / 2) ** 2
  const h = half(lat2 - lat1) + Math.cos(lat1) * Math.cos(lat2) * half((b.longitude - a.longitude) * rad)
  return 2 * 6_371_000 * Math.asin(Math.min(1, Math.sqrt(h)))
}

export const sayDistance = (metres: number) =>
  metres < 1000 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(1)} km`
