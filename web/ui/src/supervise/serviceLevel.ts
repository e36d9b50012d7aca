/** Whether the service level is kept. Pure. */
import type { ServiceLevel } from '../api/types'

export type Light = 'none' | 'kept' | 'close' | 'missed'

/** From here on to the goal the light is amber. */
const CLOSE_PERCENT = 5

/** Of the calls that count, how many per cent were answered in time; `null` before the first. Rounded down: 89.9 % does not reach 90 %. */
export const percentOf = ({ answered, of }: ServiceLevel): number | null =>
  of > 0 ? Math.floor((100 * answered) / of) : null

export function lightOf(level: ServiceLevel): Light {
  const percent = percentOf(level)
  if (percent === null) return 'none'
  if (percent >= level.goal_percent) return 'kept'
  return percent >= level.goal_percent - CLOSE_PERCENT ? 'close' : 'missed'
}
