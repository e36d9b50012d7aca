/** Below the map: the nearest cameras live, and the footage that is kept for the incident. */
import { useState } from 'react'
import { useNearest } from '../api/queries'
import { Icon } from '../app/Icon'
import type { OpenReport } from '../form/useReport'
import { useT } from '../i18n/i18n'
import { live } from '../live/live'
import { sayDistance } from '../util/distance'
import { useStore } from '../util/store'
import { FootageView } from './FootageView'
import { LiveTile } from './LiveTile'

/** More live pictures than this would cost the operator's computer more than they tell. */
const TILES = 2

export function CameraPanel({ report }: { report: OpenReport | null }) {
  const t = useT()
  const [picked, setPicked] = useState<{ kind: 'live' | 'footage'; id: string } | null>(null)
  const { cameras: states } = useStore(live)
  const position = report?.draft.fields.position ?? null
  const nearest = useNearest(position)
  const cameras = (position ? (nearest.data ?? []) : []).map((camera) => ({
    ...camera,
    state: states[camera.id] ?? camera.state,
  }))
  const footage = report?.footage ?? []
  const shown = picked?.kind === 'footage' ? footage.find(({ id }) => id === picked.id) : undefined
  const large = picked?.kind === 'live' ? cameras.find(({ id }) => id === picked.id) : undefined
  const tiles = large ? [large] : cameras.slice(0, TILES)
  const pickLive = (id: string) => setPicked(large?.id === id ? null : { kind: 'live', id })

  return (
    <section aria-label={t('camera.title')} className="sg-cameras" data-testid="cameras">
      <div className="sg-chips">
        {cameras.slice(TILES).map((camera) => (
          <button
            aria-pressed={large?.id === camera.id}
            className="sg-chip"
            data-testid={tiles.includes(camera) ? undefined : `camera-${camera.id}`}
            key={camera.id}
            onClick={() => pickLive(camera.id)}
            type="button"
          >
            <Icon name="camera" size={14} /> {camera.name} · {sayDistance(camera.distance_m ?? 0)}
          </button>
        ))}
        {footage.map((one) => (
          <button
            aria-pressed={shown?.id === one.id}
            className="sg-chip sg-chip-footage"
            data-testid={`footage-${one.id}`}
            key={one.id}
            onClick={() => setPicked(shown?.id === one.id ? null : { kind: 'footage', id: one.id })}
            type="button"
          >
            <Icon name="play" size={14} /> {t('footage.of', { camera: one.camera_name })}
          </button>
        ))}
        {picked && (
          <button className="sg-chip" onClick={() => setPicked(null)} type="button">
            <Icon name="cross" size={14} /> {t('camera.back')}
          </button>
        )}
      </div>
      <div className={`sg-tiles sg-tiles-${shown ? 1 : Math.max(1, tiles.length)}`}>
        {shown ? (
          <FootageView footage={shown} moment={report?.call.arrived_at ?? null} />
        ) : tiles.length > 0 ? (
          tiles.map((camera) => (
            <LiveTile
              camera={camera}
              key={camera.id}
              large={large?.id === camera.id}
              onPick={() => pickLive(camera.id)}
            />
          ))
        ) : (
          <p className="sg-dim sg-tiles-none">
            {t(position ? (nearest.isPending ? 'camera.searching' : 'camera.none_near') : 'camera.no_place')}
          </p>
        )}
      </div>
    </section>
  )
}
