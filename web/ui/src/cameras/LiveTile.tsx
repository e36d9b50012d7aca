import { useEffect, useRef, useState } from 'react'
import { socketUrl } from '../api/client'
import type { CameraView } from '../api/types'
import { Icon } from '../app/Icon'
import { useT } from '../i18n/i18n'
import { sayDistance } from '../util/distance'
import { LiveVideo, type LiveVideoState } from './liveVideo'

/** One camera, live. A click or Enter makes it large, another makes it small again. */
export function LiveTile({ camera, large, onPick }: { camera: CameraView; large: boolean; onPick: () => void }) {
  const t = useT()
  const video = useRef<HTMLVideoElement>(null)
  const [state, setState] = useState<LiveVideoState>('connecting')
  useEffect(() => {
    if (!video.current) return
    const player = new LiveVideo(video.current, socketUrl(`/cameras/${camera.id}/live`), setState)
    return () => player.stop()
  }, [camera.id])
  return (
    <button
      aria-label={`${camera.name}: ${t(`camera.${state}`)}`}
      aria-pressed={large}
      className="sg-tile"
      data-camera-state={camera.state.state}
      data-testid={`camera-${camera.id}`}
      data-video={state}
      onClick={onPick}
      type="button"
    >
      <video autoPlay data-testid="camera-video" muted playsInline ref={video} tabIndex={-1} />
      {state !== 'playing' && (
        <span className="sg-tile-state">
          <Icon name="camera" size={20} /> {t(`camera.${state}`)}
        </span>
      )}
      <span className="sg-tile-name">
        <Icon name="camera" size={14} /> <span className="sg-ellipsis">{camera.name}</span>
        {camera.distance_m != null && <span className="sg-nowrap">{sayDistance(camera.distance_m)}</span>}
      </span>
    </button>
  )
}
