/** Rings while a call is offered here: sound, title, and a notification of the system if the page is not looked at. */
import { t } from '../i18n/i18n'
import { live } from '../live/live'
import { startPattern, stopPattern } from '../shift/audio'

let notification: Notification | null = null
let flashing: ReturnType<typeof setInterval> | undefined
let ringing: string | null = null
const TITLE = 'Siaga 112'

export function runRing() {
  live.subscribe(() => {
    const { offered } = live.get()
    if (offered) startPattern('ring')
    if (offered === ringing) return
    ringing = offered
    quiet()
    if (offered) begin()
    else stopPattern('ring')
  })
}

function begin() {
  let odd = false
  const flash = () => {
    odd = !odd
    document.title = odd ? `☎ ${t('call.ringing_title')}` : TITLE
  }
  flash()
  flashing = setInterval(flash, 700)
  if (!document.hidden || !('Notification' in window) || Notification.permission !== 'granted') return
  // No number and no name: a notification may stay on a lock screen.
  notification = new Notification(t('call.ringing_title'), {
    tag: 'siaga-ring',
    requireInteraction: true,
    icon: '/icon.svg',
  })
  notification.onclick = () => window.focus()
}

function quiet() {
  clearInterval(flashing)
  document.title = TITLE
  notification?.close()
  notification = null
}
