/**
 * Everything that makes the console sound, apart from the caller's voice. Patterns are looped buffers, not timers, so that a tab in the background
 * keeps ringing. Until the first gesture of a page a browser may keep an AudioContext suspended: `audioLocked` says so.
 */
import { Store } from '../util/store'
import { devices } from './devices'

export const audioLocked = new Store(false)

type Pattern = 'ring' | 'alarm'

/** Seconds of one loop, and the tones in it: [start, length, hertz, gain]. */
const PATTERNS: Record<Pattern, { seconds: number; tones: [number, number, number, number][] }> = {
  ring: {
    seconds: 2.4,
    tones: [0, 0.1, 0.2, 0.3, 0.9, 1.0, 1.1, 1.2].map((at, i) => [at, 0.1, i % 2 ? 1060 : 850, 0.5]),
  },
  alarm: {
    seconds: 3,
    tones: [
      [0, 0.16, 620, 0.25],
      [0.22, 0.16, 470, 0.25],
    ],
  },
}

let meters: AudioContext | null = null
let sounds: AudioContext | null = null
const playing = new Map<Pattern, AudioBufferSourceNode>()

/** The context in which levels are measured. */
export function meterContext(): AudioContext {
  meters ??= watched(new AudioContext({ latencyHint: 'interactive' }))
  return meters
}

function soundContext(): AudioContext {
  sounds ??= watched(new AudioContext())
  return sounds
}

function watched(context: AudioContext): AudioContext {
  context.onstatechange = review
  return context
}

function review() {
  audioLocked.set([meters, sounds].some((context) => context?.state === 'suspended'))
}

/** Tries to make sound possible; from a click or a key it succeeds, else only if the browser allows autoplay here. */
export async function unlockAudio(): Promise<boolean> {
  const contexts = [meterContext(), soundContext()]
  void applyRingDevice()
  // `resume` may never settle while the browser waits for a gesture.
  const allowed = Promise.all(contexts.map((context) => context.resume()))
  await Promise.race([allowed, new Promise((done) => setTimeout(done, 400))])
  review()
  return !audioLocked.get()
}

export function startPattern(pattern: Pattern, volume = 1) {
  if (playing.has(pattern)) return
  const context = soundContext()
  void context.resume().then(review, review)
  const source = context.createBufferSource()
  source.buffer = render(context, pattern)
  source.loop = true
  const gain = context.createGain()
  gain.gain.value = volume
  source.connect(gain).connect(context.destination)
  source.start()
  playing.set(pattern, source)
  setTimeout(review, 300)
}

export function stopPattern(pattern: Pattern) {
  const source = playing.get(pattern)
  playing.delete(pattern)
  source?.stop()
  source?.disconnect()
}

async function applyRingDevice() {
  const context = soundContext() as AudioContext & { setSinkId?: (id: string) => Promise<void> }
  await context.setSinkId?.(devices.get().ring).catch(() => undefined)
}
devices.subscribe(() => {
  if (sounds) void applyRingDevice()
})

function render(context: AudioContext, pattern: Pattern): AudioBuffer {
  const { seconds, tones } = PATTERNS[pattern]
  const rate = context.sampleRate
  const buffer = context.createBuffer(1, Math.round(seconds * rate), rate)
  const samples = buffer.getChannelData(0)
  for (const [start, length, hertz, gain] of tones) {
    const [first, count] = [Math.round(start * rate), Math.round(length * rate)]
    for (let i = 0; i < count && first + i < samples.length; i += 1) {
      // Five milliseconds of fade at both ends keep the tone from clicking.
      const fade = Math.min(1, i / (0.005 * rate), (count - i) / (0.005 * rate))
      samples[first + i] = gain * fade * Math.sin((2 * Math.PI * hertz * i) / rate)
    }
  }
  return buffer
}
