/** The operator's shift: beginning it, taking it up again after a reload or a restart of the server, being ready or paused, ending it. */
import { del, post, put } from '../api/client'
import type { MediaTest, OperatorView, Readiness } from '../api/types'
import { connection, live, watchLive } from '../live/live'
import { me, session } from '../session/session'
import { Store } from '../util/store'
import { unlockAudio } from './audio'
import { attach as connect, connectedFor, detach, media, playCaller } from './mediaLeg'
import { watching } from './watching'

export type ShiftPhase =
  /** No snapshot yet. */
  | 'unknown'
  | 'off'
  /** Begun in this page, the headset is being tested. */
  | 'testing'
  | 'on'

export const shift = new Store<ShiftPhase>('unknown')

const READY_KEY = 'siaga.readiness'
const TESTED_KEY = 'siaga.tested'
const PHONE_KEY = 'siaga.phone'

/** Whoever speaks by the headset of this page works with no phone. */
async function attach() {
  await connect()
  sessionStorage.removeItem(PHONE_KEY)
}

/** The shift is being begun by a click in this page. */
let beginning = false
/** The server is asked for a pause; a headset that comes back before it answers must not undo that. */
let pausing = false

export const testedBefore = () => localStorage.getItem(TESTED_KEY) !== null

/** Must run inside a click or key press: browsers unlock sound only then. */
export async function startShift(): Promise<void> {
  unlockAudio()
  if ('Notification' in window && Notification.permission === 'default') void Notification.requestPermission()
  shift.set('testing')
  beginning = true
  try {
    await post('/shift')
    sessionStorage.removeItem(PHONE_KEY)
    if (mine()?.phone) await put('/shift/voice', { phone: null })
    await attach()
  } catch (error) {
    if (!mine()) shift.set('off')
    throw error
  } finally {
    beginning = false
  }
}

/** Begins the shift with a desk phone: there is no headset to test, and calls may come at once. */
export async function startByPhone(phone: string): Promise<void> {
  unlockAudio()
  if ('Notification' in window && Notification.permission === 'default') void Notification.requestPermission()
  await takePhone(phone)
  await setReadiness({ state: 'ready' })
}

/** The name is remembered in this tab, for a server that was restarted. */
async function takePhone(phone: string) {
  await post('/shift')
  await put('/shift/voice', { phone })
  sessionStorage.setItem(PHONE_KEY, phone)
  detach()
}

/** From a lost desk phone back to the headset of this page; a call that waits goes on there. */
export async function backToHeadset(): Promise<void> {
  unlockAudio()
  await put('/shift/voice', { phone: null })
  await attach()
}

/** The server plays two seconds of tone and says how loud it heard the microphone. */
export async function testHeadset(): Promise<MediaTest> {
  const result = await post<MediaTest>('/shift/test')
  localStorage.setItem(TESTED_KEY, '1')
  return result
}

export async function setReadiness(readiness: Readiness): Promise<void> {
  const pauses = readiness.state === 'paused'
  if (pauses) pausing = true
  try {
    await put('/shift/readiness', readiness)
  } finally {
    if (pauses) pausing = false
  }
  sessionStorage.setItem(READY_KEY, readiness.state)
  shift.set('on')
}

export async function endShift(): Promise<void> {
  await del('/shift')
  sessionStorage.removeItem(READY_KEY)
  sessionStorage.removeItem(PHONE_KEY)
  detach()
  shift.set('off')
}

function mine(): OperatorView | undefined {
  return live.get().operators[me()?.id ?? '']
}

/** Makes the shift of this page agree with the server's after every snapshot. */
async function agree() {
  const operator = mine()
  if (operator && (shift.get() === 'unknown' || shift.get() === 'off')) return resume(operator)
  const lost = operator && !operator.phone && !operator.media_connected
  const phone = sessionStorage.getItem(PHONE_KEY)
  if (lost && phone) return phoneIsBack(phone)
  if (lost && shift.get() === 'on' && connectedFor() > 3000) return void reattach()
  // The headset came back while the page did not hear of it.
  if (operator && isBack(operator)) return becomeReadyAgain()
  if (operator) return
  if (shift.get() === 'on' && media.get().phase !== 'elsewhere') {
    // The server was restarted and knows nothing of the shift: begin it again as it was.
    if (phone) {
      await takePhone(phone)
      return becomeReadyAgain()
    }
    await post('/shift')
    await reattach()
    return
  }
  if (shift.get() === 'testing' && !beginning) return testOn()
  if (shift.get() === 'unknown') shift.set('off')
}

/** The server was restarted during the test of the headset, which goes on; without a shift there is nothing to test, and it can be begun by a click. */
async function testOn() {
  try {
    await post('/shift')
  } catch (error) {
    if (shift.get() === 'testing' && !mine()) shift.set('off')
    throw error
  }
  // More tries follow by themselves.
  await attach()
}

/** A server that was restarted knows of no phone before it registers again: the shift goes on with it then. */
async function phoneIsBack(phone: string) {
  const operator = mine()
  if (shift.get() !== 'on' || !operator || operator.phone || operator.media_connected) return
  await takePhone(phone)
  await becomeReadyAgain()
}

/** A reload in the middle of a shift: the page attaches by itself, and asks for a click only if the browser insists on one. */
async function resume(operator: OperatorView) {
  if (media.get().phase === 'elsewhere') return
  shift.set('on')
  // Who works with a desk phone needs nothing of this page: the call goes on there.
  if (operator.phone) return sessionStorage.setItem(PHONE_KEY, operator.phone)
  await attach()
  if (operator.state.state === 'preparing') await becomeReadyAgain()
}

async function reattach() {
  await attach()
  await becomeReadyAgain()
}

/** The headset may be back by a later try than the one that was waited for. One that another page has is that page's to be ready with. */
function isBack({ state, media_connected, phone }: OperatorView) {
  const here = shift.get() === 'on' && media.get().phase !== 'elsewhere'
  return here && state.state === 'preparing' && media_connected && !phone
}

async function becomeReadyAgain() {
  if (sessionStorage.getItem(READY_KEY) === 'ready' && !pausing) await setReadiness({ state: 'ready' })
}

/** Takes the leg back from another tab or another machine of this person. */
export async function takeLegBack() {
  unlockAudio()
  shift.set('on')
  await attach()
}

export function runShift() {
  watchLive((event) => {
    if (event.event === 'snapshot') void agree().catch(() => undefined)
    // Also a pause by phone, and one because nobody answered, outlasts a lost headset and a restart of the server.
    const own = event.event === 'operator' && event.operator.id === me()?.id ? event.operator.state.state : undefined
    if (own && event.event === 'operator' && isBack(event.operator)) void becomeReadyAgain().catch(() => undefined)
    if (own === 'ready' || own === 'paused') sessionStorage.setItem(READY_KEY, own)
    // The shift was begun at the desk phone.
    const begun = event.event === 'operator' && event.operator.id === me()?.id && event.operator.phone
    if (begun && shift.get() === 'off') void resume(event.operator).catch(() => undefined)
    const back = event.event === 'phone' && event.phone.state === 'registered' && event.phone.name
    if (back && back === sessionStorage.getItem(PHONE_KEY)) void phoneIsBack(back).catch(() => undefined)
    if (event.event === 'operator_left' && event.operator === me()?.id && shift.get() === 'on') {
      // The next shift is not ready before its headset was tested, also where this one was ended by somebody else.
      sessionStorage.removeItem(READY_KEY)
      detach()
      shift.set('off')
    }
  })
  session.subscribe(() => {
    if (session.get().phase !== 'out') return
    // Whoever signs in next in this tab is not ready, nor at a phone, before they say so themselves.
    sessionStorage.removeItem(READY_KEY)
    sessionStorage.removeItem(PHONE_KEY)
    detach()
    shift.set('unknown')
  })
  // A gesture anywhere unlocks sound that the browser held back.
  const gesture = () => {
    if ((shift.get() === 'off' || shift.get() === 'unknown') && !watching.get()) return
    unlockAudio()
    void playCaller()
  }
  window.addEventListener('pointerdown', gesture)
  window.addEventListener('keydown', gesture)
  window.addEventListener('beforeunload', (leaving) => {
    const call = mine()?.call
    if (call && connection.get() === 'open' && live.get().calls[call]?.state === 'active') leaving.preventDefault()
  })
}
