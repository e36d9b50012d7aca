/** Below the map: the nearest cameras live, and the footage that is kept for the incident. */
import { useEffect } from 'react'
import { useCameras, useNearest } from '../api/queries'
import type { CameraView } from '../api/types'
import { Icon } from '../app/Icon'
import type { OpenReport } from '../form/useReport'
import { useT } from '../i18n/i18n'
import { live } from '../live/live'
import { sayDistance } from '../util/distance'
import { useStore } from '../util/store'
import { FootageView } from './FootageView'
import { LiveTile } from './LiveTile'
import { pick, picked as pickedStore } from './picked'

/** More live pictures than this would cost the operator's computer more than they tell. */
const TILES = 2

export function CameraPanel({ report }: { report: OpenReport | null }) {
  const t = useT()
  const picked = useStore(pickedStore)
  const everywhere = useCameras().data ?? []
  const { cameras: states } = useStore(live)
  const position = report?.draft.fields.position ?? null
  const nearest = useNearest(position)
  const cameras = (position ? (nearest.data ?? []) : []).map(withState)
  const footage = report?.footage ?? []
  const shown = picked?.kind === 'footage' ? footage.find(({ id }) => id === picked.id) : undefined
  // One that was chosen on the map may be far from the place.
  const far = picked?.kind === 'live' ? everywhere.find(({ id, active }) => active && id === picked.id) : undefined
  const large =
    picked?.kind === 'live' ? (cameras.find(({ id }) => id === picked.id) ?? (far && withState(far))) : undefined
  const tiles = large ? [large] : cameras.slice(0, TILES)
  const pickLive = (id: string) => pick({ kind: 'live', id })
  const call = report?.call.id
  // biome-ignore lint/correctness/useExhaustiveDependencies: another call, another place: what was looked at belongs to the one before.
  useEffect(() => pickedStore.set(null), [call])

  function withState(camera: CameraView): CameraView {
    return { ...camera, state: states[camera.id] ?? camera.state }
  }

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
            onClick={() => pick({ kind: 'footage', id: one.id })}
            type="button"
          >
            <Icon name="play" size={14} /> {t('footage.of', { camera: one.camera_name })}
          </button>
        ))}
        {picked && (
          <button className="sg-chip" onClick={() => pick(null)} type="button">
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
