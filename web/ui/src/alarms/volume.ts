/** How loud the alarms are on this console, from 0 to 1, or null for silence. Pure. */

/** Quiet enough to talk over. */
const VOLUME = 0.7
const VOLUME_IN_CALL = 0.2

export interface Listener {
  /** Alarms that nobody has seen to yet. */
  alarms: number
  /** A call rings here. */
  rings: boolean
  /** This person talks with a caller. */
  talks: boolean
  shift: boolean
  /** Looks on without a shift. */
  watching: boolean
}

/** A ringing call comes before every alarm; a page with neither shift nor watch has no unlocked sound and no duty. */
export function alarmVolume({ alarms, rings, talks, shift, watching }: Listener): number | null {
  if (alarms === 0 || rings || !(shift || watching)) return null
  return talks ? VOLUME_IN_CALL : VOLUME
}
