/**
 * Everything that makes the console sound, apart from the caller's voice. Patterns are looped media elements, not timers, so that a tab in the
 * background keeps ringing. Media elements rather than WebAudio, because Chromium lets a page that captures the microphone play them without a
 * gesture: a page that was reloaded in the middle of a shift rings at once. Where a browser still refuses, `audioLocked` says so.
 */
import { Store } from '../util/store'
import { devices } from './devices'
import { PATTERNS, type Pattern, wavOf } from './patterns'

export const audioLocked = new Store(false)

let meters: AudioContext | null = null
const players = new Map<Pattern, HTMLAudioElement>()
const playing = new Set<Pattern>()

/** The context in which levels are measured; silent. */
export function meterContext(): AudioContext {
  meters ??= new AudioContext({ latencyHint: 'interactive' })
  return meters
}

/** Starts an element, and notes whether the browser lets it sound. */
export async function play(element: HTMLMediaElement): Promise<void> {
  try {
    await element.play()
    audioLocked.set(false)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotAllowedError') audioLocked.set(true)
  }
}

/** Called from a click or a key, which lets sound through where it was held back. */
export function unlockAudio() {
  void meterContext()
    .resume()
    .catch(() => undefined)
  audioLocked.set(false)
  for (const pattern of playing) void play(playerOf(pattern))
}

export function startPattern(pattern: Pattern, volume = 1) {
  const player = playerOf(pattern)
  player.volume = volume
  if (playing.has(pattern)) return
  playing.add(pattern)
  player.currentTime = 0
  void play(player)
}

export function stopPattern(pattern: Pattern) {
  if (playing.delete(pattern)) playerOf(pattern).pause()
}

function playerOf(pattern: Pattern): HTMLAudioElement {
  const known = players.get(pattern)
  if (known) return known
  const player = new Audio(URL.createObjectURL(new Blob([wavOf(PATTERNS[pattern])], { type: 'audio/wav' })))
  player.loop = true
  players.set(pattern, player)
  void applyRingDevice(player)
  return player
}

async function applyRingDevice(player: HTMLAudioElement) {
  // An unplugged device falls back to the system's.
  await player.setSinkId?.(devices.get().ring).catch(() => player.setSinkId?.('').catch(() => undefined))
}

devices.subscribe(() => {
  for (const player of players.values()) void applyRingDevice(player)
})
navigator.mediaDevices?.addEventListener('devicechange', () => {
  for (const player of players.values()) void applyRingDevice(player)
})
