/** How good the sound of a call is, in three words. Pure. */
import type { Heard } from '../live/state'

export type Grade = 'good' | 'fair' | 'bad'

/** The bounds are those of ITU-T G.107: from 4.0 on people are satisfied, below 3.1 nearly all complain. */
export const gradeOf = (mos: number): Grade => (mos >= 4 ? 'good' : mos >= 3.1 ? 'fair' : 'bad')

export interface Worst {
  side: 'caller' | 'operator'
  mos: number
  grade: Grade
  loss: string
  jitter: string
}

/** The side that is heard worse: what an operator has to know. */
export function worstOf(heard: Heard | undefined): Worst | null {
  const sides = (['caller', 'operator'] as const).flatMap((side) => {
    const one = heard?.[side]
    return one ? [{ side, ...one }] : []
  })
  const worst = sides.sort((a, b) => a.mos - b.mos)[0]
  if (!worst) return null
  return {
    side: worst.side,
    mos: worst.mos,
    grade: gradeOf(worst.mos),
    loss: `${worst.loss_percent.toFixed(worst.loss_percent < 10 ? 1 : 0)} %`,
    jitter: `${Math.round(worst.jitter_ms)} ms`,
  }
}
