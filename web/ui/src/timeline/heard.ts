/** The quality of a call's sound as its timeline keeps it. */
import type { TimelineEntry } from '../api/types'
import { gradeOf } from '../call/quality'
import { t } from '../i18n/i18n'
import type { Heard } from '../live/state'

const SIDES = ['caller', 'operator'] as const

/** One event tells of one side by `side`, or of both by name. */
export function heardIn(data: unknown): Heard {
  if (!isRecord(data)) return {}
  const own = numbers(data)
  if (own) return data.side === 'operator' ? { operator: own } : { caller: own }
  return Object.fromEntries(SIDES.flatMap((side) => (numbers(data[side]) ? [[side, numbers(data[side])]] : [])))
}

/** Of a call's whole timeline the last word on each side. */
export const heardOf = (timeline: TimelineEntry[]): Heard =>
  Object.assign({}, ...timeline.filter(({ kind }) => kind === 'call.quality').map(({ data }) => heardIn(data)))

export function sayHeard(heard: Heard): string {
  return SIDES.flatMap((side) => {
    const one = heard[side]
    if (!one) return []
    const grade = t(`quality.${gradeOf(one.mos)}`)
    return [t(`quality.of.${side}`, { grade, mos: one.mos.toFixed(1), loss: one.loss_percent.toFixed(1) })]
  }).join(', ')
}

function numbers(value: unknown): NonNullable<Heard['caller']> | null {
  if (!isRecord(value) || typeof value.mos !== 'number') return null
  const number = (name: string) => (typeof value[name] === 'number' ? value[name] : 0)
  return { mos: value.mos, loss_percent: number('loss_percent'), jitter_ms: number('jitter_ms') }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
