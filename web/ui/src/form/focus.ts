/** Moves the keyboard into the form. Fields are found by the same names as the tests find them by. */
import type { CallState } from '../api/types'

export function focusField(name: string, { select = false } = {}) {
  const field = document.querySelector<HTMLElement>(`[data-testid="report-form"] [data-testid="field-${name}"]`)
  field?.focus()
  // As Tab does: what the network said of the caller is replaced by typing.
  if (select && field instanceof HTMLInputElement) field.select()
}

/** Whether the keyboard is nowhere: what had the focus is gone, and keys would go into nothing. */
export const focusIsLost = () => document.activeElement === null || document.activeElement === document.body

const talks = (state: CallState | null) => state === 'calling' || state === 'active' || state === 'held'
const over = (state: CallState) => ['ended', 'fallback', 'transferring', 'transferred'].includes(state)

/**
 * Where the keyboard goes when a call changes its state; `null` leaves it where it is. Pure.
 *
 * After answering, the first question is the place; someone who types into the form already is not interrupted. After the end nobody is moved who
 * has the keyboard somewhere: the keys of the close panel work from everywhere.
 */
export function nextFocus(
  before: CallState | null,
  now: CallState,
  at: { inForm: boolean; lost: boolean },
): 'place' | 'close' | null {
  if (talks(now) && (before === null ? at.lost : !talks(before) && before !== 'detached' && !at.inForm)) return 'place'
  if (over(now) && before !== null && !over(before) && at.lost) return 'close'
  return null
}
