import { focusField } from '../form/focus'
import type { OpenReport } from '../form/useReport'
import { useT } from '../i18n/i18n'
import { DispatchRow } from './DispatchRow'
import { SendTeams } from './SendTeams'
import { send } from './sending'

/** Below the form: who was sent, and whom to send. */
export function DispatchPanel({ report }: { report: OpenReport }) {
  const t = useT()
  const { draft, incident, saved } = report
  const { fields } = draft
  return (
    <div className="sg-dispatch">
      {incident && incident.dispatches.length > 0 && (
        <ul aria-label={t('dispatch.sent')} className="sg-dispatches">
          {incident.dispatches.map((one) => (
            <DispatchRow closed={incident.state === 'closed'} dispatch={one} key={one.id} />
          ))}
        </ul>
      )}
      <SendTeams
        incident={incident}
        mine={report.call.state !== 'ringing' && report.call.state !== 'waiting'}
        missing={!fields.place.trim() && !fields.position}
        onMissing={() => focusField('place')}
        onSend={(teams) => send(draft.report, saved?.incident ?? null, teams)}
        suggested
        type={fields.incident_type ?? null}
      />
    </div>
  )
}
