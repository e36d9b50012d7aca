/** The loudness of a stream, read when somebody looks. */
import { meterContext } from './audio'

export interface LevelMeter {
  /** Level of the last 40 ms or so in dBFS, -100 for silence. */
  read: () => number
  close: () => void
}

export function meterOf(stream: MediaStream): LevelMeter {
  const context = meterContext()
  const source = context.createMediaStreamSource(stream)
  const analyser = context.createAnalyser()
  analyser.fftSize = 2048
  source.connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  return {
    read: () => {
      analyser.getFloatTimeDomainData(samples)
      let sum = 0
      for (const sample of samples) sum += sample * sample
      return sum === 0 ? -100 : Math.max(-100, 10 * Math.log10(sum / samples.length))
    },
    close: () => {
      source.disconnect()
      analyser.disconnect()
    },
  }
}
