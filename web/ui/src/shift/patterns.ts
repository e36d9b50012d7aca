/** The console's own sounds, as one loop of samples each. Pure. */
export type Pattern = 'ring' | 'alarm'

export interface Loop {
  seconds: number
  /** [start in seconds, length in seconds, hertz, gain]. */
  tones: [number, number, number, number][]
}

export const PATTERNS: Record<Pattern, Loop> = {
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

const RATE = 16_000
const HEADER = 44

/** The loop as a WAV file: mono, 16 bits. */
export function wavOf({ seconds, tones }: Loop): ArrayBuffer {
  const frames = Math.round(seconds * RATE)
  const file = new DataView(new ArrayBuffer(HEADER + frames * 2))
  const text = (at: number, word: string) => {
    for (let i = 0; i < word.length; i += 1) file.setUint8(at + i, word.charCodeAt(i))
  }
  text(0, 'RIFF')
  file.setUint32(4, HEADER - 8 + frames * 2, true)
  text(8, 'WAVEfmt ')
  file.setUint32(16, 16, true)
  file.setUint16(20, 1, true)
  file.setUint16(22, 1, true)
  file.setUint32(24, RATE, true)
  file.setUint32(28, RATE * 2, true)
  file.setUint16(32, 2, true)
  file.setUint16(34, 16, true)
  text(36, 'data')
  file.setUint32(40, frames * 2, true)
  for (const [start, length, hertz, gain] of tones) {
    const [first, count] = [Math.round(start * RATE), Math.round(length * RATE)]
    for (let i = 0; i < count && first + i < frames; i += 1) {
      // Five milliseconds of fade at both ends keep the tone from clicking.
      const fade = Math.min(1, i / (0.005 * RATE), (count - i) / (0.005 * RATE))
      file.setInt16(HEADER + (first + i) * 2, 32_767 * gain * fade * Math.sin((2 * Math.PI * hertz * i) / RATE), true)
    }
  }
  return file.buffer
}
