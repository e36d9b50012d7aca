import type { Position } from '../api/types'

/** A circle on the ground as a ring of [longitude, latitude]. */
export function circle(center: Position, metres: number, corners = 64): [number, number][] {
  const lat = metres / 111_195
  const lon = lat / Math.max(0.01, Math.cos((center.latitude * Math.PI) / 180))
  return Array.from({ length: corners + 1 }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners
    return [center.longitude + lon * Math.cos(angle), center.latitude + lat * Math.sin(angle)]
  })
}
