/** A level meter that draws itself without React. */
import { useEffect, useRef } from 'react'
import { meterOf } from './meter'

/** As often as an eye follows; at the screen's rate a call would cost a tenth of the operator's machine for this alone. */
const DRAW_EVERY_MS = 66
/** How fast the shown level falls, so that an eye can follow it. */
const FALL_DB = 5

/** Shows -60 to 0 dBFS; `data-dbfs` carries the last value for whoever measures. */
export function LevelBar({ stream, label, testId }: { stream: MediaStream | null; label: string; testId: string }) {
  const bar = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const node = bar.current
    if (!stream || !node) return
    const meter = meterOf(stream)
    let peak = -100
    const draw = () => {
      const level = meter.read()
      peak = Math.max(level, peak - FALL_DB)
      node.dataset.dbfs = level.toFixed(1)
      node.style.setProperty('--level', String(Math.min(1, Math.max(0, (peak + 60) / 60))))
    }
    draw()
    const drawing = setInterval(draw, DRAW_EVERY_MS)
    return () => {
      clearInterval(drawing)
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
