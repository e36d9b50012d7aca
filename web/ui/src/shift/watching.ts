/** A supervisor who looks on without taking calls: remembered in this tab, so that a reload does not silence the alarms. */
import { session } from '../session/session'
import { Store } from '../util/store'
import { unlockAudio } from './audio'

const KEY = 'siaga.watching'

export const watching = new Store<boolean>(globalThis.sessionStorage?.getItem(KEY) === '1')

/** Must run inside a click or key press: browsers unlock sound only then. */
export function watch() {
  unlockAudio()
  sessionStorage.setItem(KEY, '1')
  watching.set(true)
}

export function stopWatching() {
  sessionStorage.removeItem(KEY)
  watching.set(false)
}

export function runWatching() {
  session.subscribe(() => {
    if (session.get().phase === 'out') stopWatching()
  })
}
