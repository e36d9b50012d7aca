import { lazy, Suspense, useRef } from 'react'
import { useCameras, useTeams } from '../api/queries'
import { Apart } from '../app/Apart'
import type { OpenReport } from '../form/useReport'
import { drafts } from '../form/work'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { session } from '../session/session'
import { useStore } from '../util/store'

// MapLibre is larger than the rest of the console; the form must not wait for it.
const CityMap = lazy(() => import('./CityMap'))

export function MapPanel({ report }: { report: OpenReport | null }) {
  const t = useT()
  const now = useStore(session)
  const panel = useRef<HTMLElement>(null)
  const cameras = useCameras().data ?? []
  const teams = useTeams().data ?? []
  useShortcuts({ map: () => panel.current?.querySelector<HTMLElement>('canvas')?.focus() })
  if (now.phase !== 'in') return null
  return (
    <section aria-label={t('map.title')} className="sg-map" data-testid="map" ref={panel}>
      <Apart words="map.broken">
        <Suspense fallback={<div className="sg-map-wait">{t('map.loading')}</div>}>
          <CityMap
            call={report?.call.id ?? null}
            cameras={cameras}
            center={now.city.center}
            location={report?.call.location ?? null}
            onPick={report ? (position) => drafts.edit(report.draft.report, { position }) : null}
            place={report?.draft.fields.position ?? null}
            teams={teams}
          />
        </Suspense>
      </Apart>
      <small className="sg-attribution">{t('map.attribution')}</small>
    </section>
  )
}
