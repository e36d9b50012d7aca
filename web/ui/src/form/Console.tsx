/** The operator's one screen: queue, form, map and cameras, timeline. Nothing of the main job is on another page. */
import { TextPanel } from '../call/TextPanel'
import { hasText } from '../call/texting'
import { useMyCall } from '../call/useMyCall'
import { CameraPanel } from '../cameras/CameraPanel'
import { useT } from '../i18n/i18n'
import { live } from '../live/live'
import { MapPanel } from '../map/MapPanel'
import { QueuePanel } from '../queue/QueuePanel'
import { Timeline } from '../timeline/Timeline'
import { useSelect, useStore } from '../util/store'
import { EmptyForm } from './EmptyForm'
import { ReportForm } from './ReportForm'
import { useReport } from './useReport'
import { work } from './work'

export function Console() {
  const t = useT()
  const { current } = useStore(work)
  const report = useReport(current)
  const mine = useMyCall()
  // What was typed is still to be read while the report is finished.
  const read = useSelect(live, ({ texts }) => (report ? texts[report.call.id] : undefined))
  // The caller who types must be seen whatever form is looked at meanwhile.
  const typed = hasText(mine) ? mine : read ? report?.call : null
  return (
    <main className="sg-console">
      <h1 className="sg-visually-hidden">{t('page.console')}</h1>
      <QueuePanel />
      {report ? <ReportForm key={report.call.id} report={report} /> : <EmptyForm />}
      <section className="sg-side">
        {typed && (
          <TextPanel
            call={typed}
            key={typed.id}
            may={typed === mine && hasText(mine)}
            named={typed.id !== report?.call.id}
          />
        )}
        <MapPanel report={report} />
        <CameraPanel report={report} />
        <Timeline call={report?.call.id ?? null} incident={report?.incident?.id ?? null} />
      </section>
    </main>
  )
}
