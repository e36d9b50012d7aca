/**
 * One ticking clock for everything on the screen that counts seconds. It goes by the server's time, because it is counted from times of the
 * server: a console whose own clock is wrong counts right all the same.
 */
import { useSyncExternalStore } from 'react'

/** A message is on its way for a moment, too: by less than this nothing is set, so that no second is shown twice. */
const SLACK_MS = 500

const listeners = new Set<() => void>()
/** How far the server's clock is ahead of this machine's. */
let ahead = 0
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

/** What time it is at the server, in epoch milliseconds. */
export const serverNow = () => Date.now() + ahead

/** The server says what time it is. */
export function setClock(iso: string) {
  const found = Date.parse(iso) - Date.now()
  // Not a number is never more.
  if (!(Math.abs(found - ahead) > SLACK_MS)) return
  ahead = found
  tick()
}

function tick() {
  now = serverNow()
  for (const each of listeners) each()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  timer ??= setInterval(tick, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

export const useNow = () => useSyncExternalStore(subscribe, () => now)
