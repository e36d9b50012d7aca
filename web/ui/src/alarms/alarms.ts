/** Alarms sound until somebody sees to them; every console hears them, the server keeps them. */
import { ApiError, post } from '../api/client'
import type { AlarmView } from '../api/types'
import { live } from '../live/live'
import { me, session } from '../session/session'
import { startPattern, stopPattern } from '../shift/audio'
import { shift } from '../shift/shift'
import { watching } from '../shift/watching'
import { Store } from '../util/store'
import type { AlarmLine } from './lines'
import { alarmVolume } from './volume'

/** Alarms that this console was silenced for, while the server is told. */
export const silenced = new Store<ReadonlySet<string>>(new Set())

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

/** All alarms of a line; one that the server does not take goes on sounding. */
export async function acknowledgeLine({ first, others }: AlarmLine): Promise<void> {
  const answers = await Promise.allSettled([first, ...others].map(({ id }) => acknowledge(id)))
  const failed = answers.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

export const sounding = (alarms: Record<string, AlarmView>, quiet: ReadonlySet<string>): AlarmView[] =>
  Object.values(alarms).filter(({ id }) => !quiet.has(id))

export function runAlarms() {
  let before = ''
  const changed = () => {
    const { alarms, offered, operators } = live.get()
    const unseen = sounding(alarms, silenced.get()).map(({ id }) => id)
    const volume = alarmVolume({
      alarms: unseen.length,
      rings: offered !== null,
      talks: operators[me()?.id ?? '']?.state.state === 'busy',
      shift: shift.get() === 'on',
      watching: watching.get(),
    })
    const now = JSON.stringify([unseen, volume])
    if (now === before) return
    before = now
    stopPattern('alarm')
    if (volume !== null) startPattern('alarm', volume)
  }
  live.subscribe(changed)
  silenced.subscribe(changed)
  shift.subscribe(changed)
  watching.subscribe(changed)
  session.subscribe(() => {
    if (session.get().phase === 'out') silenced.set(new Set())
  })
}
