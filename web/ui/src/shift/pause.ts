/** Why an operator takes no calls: a word that every console says in its own language, and that desk phones have keys for. Pure. */
import { hasText, t } from '../i18n/i18n'

export const PAUSE_REASONS = ['break', 'prayer', 'paperwork', 'handover'] as const

/** A reason that is none of ours is a text of its own. */
export function sayPause(reason: string): string {
  const key = `pause.${reason}`
  return hasText(key) ? t(key) : reason
}
