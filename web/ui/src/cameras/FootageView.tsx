import { type KeyboardEvent, type MouseEvent, useEffect, useRef, useState } from 'react'
import { fileUrl } from '../api/client'
import type { FootageView as Footage } from '../api/types'
import { useT } from '../i18n/i18n'
import { atLeast, me } from '../session/session'
import { clock } from '../util/time'
import { FootagePlayer, type FootageState } from './footagePlayer'

/** Recorded pictures with the time of day under them. `moment` is marked on the scale: when the call came in. */
export function FootageView({ footage, moment }: { footage: Footage; moment: string | null }) {
  const t = useT()
  const video = useRef<HTMLVideoElement>(null)
  const [state, setState] = useState<FootageState | null>(null)
  const [time, setTime] = useState(0)
  const { id, from, to } = footage
  useEffect(() => {
    if (!video.current) return
    setState(null)
    const player = new FootagePlayer(video.current, id, { from, to }, setState)
    return () => player.stop()
  }, [id, from, to])

  const at = (seconds: number) => new Date(Date.parse(state?.from ?? from) + seconds * 1000).toISOString()
  const seek = (seconds: number) => {
    if (video.current && state) video.current.currentTime = Math.min(Math.max(0, seconds), state.duration)
  }
  const click = (event: MouseEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    if (state) seek(((event.clientX - left) / width) * state.duration)
  }
  const press = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -5, ArrowRight: 5, PageDown: -30, PageUp: 30 }[event.key]
    if (step) seek(time + step)
    else if (event.key === ' ') video.current?.paused ? void video.current.play() : video.current?.pause()
    else return
    event.preventDefault()
  }
  const part = (seconds: number) =>
    `${state && state.duration > 0 ? Math.min(100, Math.max(0, (seconds / state.duration) * 100)) : 0}%`
  const mark = moment && state ? (Date.parse(moment) - Date.parse(state.from)) / 1000 : null
  const user = me()
  return (
    <div className="sg-footage">
      <video
        controls={false}
        data-testid="footage-video"
        muted
        onClick={() => (video.current?.paused ? void video.current.play() : video.current?.pause())}
        onTimeUpdate={() => setTime(video.current?.currentTime ?? 0)}
        playsInline
        ref={video}
      />
      {state && state.problem !== 'none' && <span className="sg-tile-state">{t(`footage.${state.problem}`)}</span>}
      <div
        aria-label={t('footage.scale')}
        aria-valuemax={Math.round(state?.duration ?? 0)}
        aria-valuemin={0}
        aria-valuenow={Math.round(time)}
        aria-valuetext={clock(at(time))}
        className="sg-scale"
        onClick={click}
        onKeyDown={press}
        role="slider"
        tabIndex={0}
      >
        {state?.stretches.map(({ start, end }) => (
          <i key={start} style={{ left: part(start), width: `calc(${part(end)} - ${part(start)})` }} />
        ))}
        {mark !== null && mark >= 0 && <b style={{ left: part(mark) }} title={t('footage.call_moment')} />}
        <em style={{ left: part(time) }} />
      </div>
      <div className="sg-row sg-footage-times">
        <span className="sg-mono">{clock(state?.from ?? from)}</span>
        <strong className="sg-mono">{clock(at(time))}</strong>
        <span className="sg-mono">{clock(to)}</span>
        {state?.growing && <span className="sg-dim">{t('footage.growing')}</span>}
        {user && atLeast(user, 'supervisor') && (
          <a className="sg-link" download href={fileUrl(`/footage/${id}/video.mp4`)}>
            {t('footage.download')}
          </a>
        )}
      </div>
    </div>
  )
}
