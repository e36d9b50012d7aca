import type { Position } from '../api/types'

/** Two number fields as a position; null if either is empty. */
export function positionOf(latitude: unknown, longitude: unknown): Position | null {
  return typeof latitude === 'number' && typeof longitude === 'number' ? { latitude, longitude } : null
}
