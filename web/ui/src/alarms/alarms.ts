/** Alarms sound until somebody sees to them; every console hears them, the server keeps them. */
import { ApiError, post } from '../api/client'
import type { AlarmView } from '../api/types'
import { t } from '../i18n/i18n'
import { live } from '../live/live'
import { me } from '../session/session'
import { startPattern, stopPattern } from '../shift/audio'
import { shift } from '../shift/shift'
import { Store } from '../util/store'

/** Alarms that this console was silenced for, while the server is told. */
export const silenced = new Store<ReadonlySet<string>>(new Set())

/** Quiet enough to talk over. */
const VOLUME = 0.7
const VOLUME_IN_CALL = 0.2

export function sayAlarm({ kind }: AlarmView): string {
  switch (kind.kind) {
    case 'unanswered':
    case 'operator_lost':
      return t(`alarm.${kind.kind}`, { name: kind.operator_name })
    case 'unacknowledged':
    case 'undeliverable':
      return t(`alarm.${kind.kind}`, { team: kind.team_name, number: kind.incident_number })
    case 'one_way_audio':
      return t(kind.silent === 'caller' ? 'alarm.caller_silent' : 'alarm.operator_silent')
    default:
      return t(`alarm.${kind.kind}`)
  }
}

export async function acknowledge(id: string): Promise<void> {
  silenced.update((before) => new Set([...before, id]))
  try {
    await post(`/alarms/${id}/acknowledge`)
  } catch (error) {
    // Another console was faster, or the cause is over: the alarm is cleared, as was wanted.
    if (error instanceof ApiError && error.status === 404) return
    silenced.update((before) => new Set([...before].filter((other) => other !== id)))
    throw error
  }
}

/** Oldest first. */
export const sounding = (alarms: Record<string, AlarmView>, quiet: ReadonlySet<string>): AlarmView[] =>
  Object.values(alarms)
    .filter(({ id }) => !quiet.has(id))
    .sort((a, b) => a.raised_at.localeCompare(b.raised_at))

export function runAlarms() {
  const follow = () => {
    const { alarms, offered, operators } = live.get()
    const loud = sounding(alarms, silenced.get()).length > 0
    const busy = operators[me()?.id ?? '']?.state.state === 'busy'
    stopPattern('alarm')
    // A ringing call comes before every alarm; and a page without a shift has no unlocked sound and no duty.
    if (loud && !offered && shift.get() === 'on') startPattern('alarm', busy ? VOLUME_IN_CALL : VOLUME)
  }
  let before = ''
  const changed = () => {
    const { alarms, offered, operators } = live.get()
    const now = JSON.stringify([
      Object.keys(alarms),
      [...silenced.get()],
      offered,
      operators[me()?.id ?? '']?.state.state,
      shift.get(),
    ])
    if (now === before) return
    before = now
    follow()
  }
  live.subscribe(changed)
  silenced.subscribe(changed)
  shift.subscribe(changed)
}
