/** The quality of a call's sound as its timeline keeps it. */
import type { TimelineEntry } from '../api/types'
import { gradeOf } from '../call/quality'
import { t } from '../i18n/i18n'
import type { Heard } from '../live/state'

const SIDES = ['caller', 'operator', 'party'] as const
const isSide = (side: unknown): side is (typeof SIDES)[number] => SIDES.some((one) => one === side)

/** One event tells of one side by `side`, or of both by name. */
export function heardIn(data: unknown): Heard {
  if (!isRecord(data)) return {}
  const own = numbers(data)
  if (own) return { [isSide(data.side) ? data.side : 'caller']: own }
  return Object.fromEntries(SIDES.flatMap((side) => (numbers(data[side]) ? [[side, numbers(data[side])]] : [])))
}

/** Of a call's whole timeline the last word on the caller and the operator. There may be many other parties, each on the timeline. */
export function heardOf(timeline: TimelineEntry[]): Heard {
  const all = timeline.filter(({ kind }) => kind === 'call.quality').map(({ data }) => heardIn(data))
  const { caller, operator }: Heard = Object.assign({}, ...all)
  return { ...(caller && { caller }), ...(operator && { operator }) }
}

/** `party` is the name of the party that `heard` tells of, if it does. */
export function sayHeard(heard: Heard, party = t('actor.party')): string {
  return SIDES.flatMap((side) => {
    const one = heard[side]
    if (!one) return []
    const grade = t(`quality.${gradeOf(one.mos)}`)
    return [t(`quality.of.${side}`, { grade, mos: one.mos.toFixed(1), loss: one.loss_percent.toFixed(1), party })]
  }).join(', ')
}

/** What of our voice did not reach the side that an event tells of, as that side says. */
export function sayLost(data: unknown): string {
  const told = isRecord(data) && isRecord(data.heard_us) ? data.heard_us : {}
  return typeof told.lost === 'number' && told.lost > 0 ? t('quality.lost', { n: told.lost }) : ''
}

function numbers(value: unknown): NonNullable<Heard['caller']> | null {
  if (!isRecord(value) || typeof value.mos !== 'number') return null
  const number = (name: string) => (typeof value[name] === 'number' ? value[name] : 0)
  return { mos: value.mos, loss_percent: number('loss_percent'), jitter_ms: number('jitter_ms') }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
