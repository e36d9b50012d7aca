/** A level meter that draws itself without React at the screen's rate. */
import { useEffect, useRef } from 'react'
import { meterOf } from './meter'

/** Shows -60 to 0 dBFS; `data-dbfs` carries the last value for whoever measures. */
export function LevelBar({ stream, label, testId }: { stream: MediaStream | null; label: string; testId: string }) {
  const bar = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const node = bar.current
    if (!stream || !node) return
    const meter = meterOf(stream)
    let frame = 0
    let peak = -100
    const draw = () => {
      const level = meter.read()
      // Falls slowly, so that an eye can follow it.
      peak = Math.max(level, peak - 1.2)
      node.dataset.dbfs = level.toFixed(1)
      node.style.setProperty('--level', String(Math.min(1, Math.max(0, (peak + 60) / 60))))
      frame = requestAnimationFrame(draw)
    }
    draw()
    return () => {
      cancelAnimationFrame(frame)
      meter.close()
      node.style.setProperty('--level', '0')
    }
  }, [stream])
  return (
    <div aria-label={label} className="sg-level" data-testid={testId} ref={bar} role="img" title={label}>
      <div className="sg-level-fill" />
    </div>
  )
}
