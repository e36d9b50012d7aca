import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { fileUrl } from '../api/client'
import type { CallDetail, CallView } from '../api/types'
import { Icon } from '../app/Icon'
import { Page } from '../app/Page'
import { NetworkFacts, Priority } from '../call/CallFacts'
import { endedKey } from '../call/ended'
import { sayLanguages } from '../call/language'
import { networkFacts } from '../call/networkFacts'
import { sayError } from '../i18n/errors'
import { language, useT } from '../i18n/i18n'
import { readCall } from '../live/live'
import { heardOf, sayHeard } from '../timeline/heard'
import { TimelineList } from '../timeline/Timeline'
import { useStore } from '../util/store'
import { dayAndClock, elapsed } from '../util/time'
import { ReportFacts } from './ReportFacts'

/** One call as it was: the recording, the report, everything that happened. */
export function CallPage({ id }: { id: string }) {
  const t = useT()
  const detail = useQuery({
    queryKey: ['call', id],
    queryFn: () => readCall(id),
    refetchInterval: ({ state }) => (state.data?.recording && !state.data.recording.sealed ? 2000 : false),
  })
  if (!detail.data)
    return <Page title={t('history.call')}>{detail.error ? sayError(detail.error) : t('page.loading')}</Page>
  const { call, report, earlier, timeline } = detail.data
  return (
    <Page title={`${t('history.call')} ${call.number ?? t('call.no_number')}`}>
      <p className="sg-row sg-wrap sg-dim">
        <span>{dayAndClock(call.arrived_at)}</span>
        <span>{t(`call.state.${call.state}`)}</span>
        {call.ended_by && <span>{t(endedKey(call.ended_by, call.direction))}</span>}
        {call.unreached && <span>{t(`unreached.short.${call.unreached}`)}</span>}
        {call.operator_name && <span>{call.operator_name}</span>}
        <span>
          {call.trunk} · {call.dialled}
        </span>
      </p>
      <CallKind call={call} heard={sayHeard(heardOf(timeline))} />
      <Recording detail={detail.data} />
      <div className="sg-columns">
        <section className="sg-panel">
          <h2>{t('form.title')}</h2>
          {report ? <ReportFacts fields={report.fields} /> : <p className="sg-dim">{t('history.no_report')}</p>}
          {report?.disposition && <p>{t(`disposition.${report.disposition}`)}</p>}
          {report?.incident && (
            <Link className="sg-link" href={`/incidents/${report.incident}`}>
              {t('history.open_incident')}
            </Link>
          )}
          {networkFacts(call).length > 0 && (
            <>
              <h2>{t('call.network_data')}</h2>
              <NetworkFacts call={call} />
            </>
          )}
          {earlier.length > 0 && <h2>{t('form.earlier', { n: earlier.length })}</h2>}
          <ul className="sg-list">
            {earlier.map((one) => (
              <li key={one.call}>
                <Link className="sg-list-row" href={`/calls/${one.call}`}>
                  <span className="sg-mono">{dayAndClock(one.arrived_at)}</span>
                  <span className="sg-ellipsis">{one.place ?? one.caller_name ?? ''}</span>
                  <span className="sg-dim">{one.disposition ? t(`disposition.${one.disposition}`) : ''}</span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
        <section className="sg-panel" data-testid="timeline">
          <h2>{t('timeline.title')}</h2>
          <TimelineList entries={timeline} none={t('timeline.empty')} />
        </section>
      </div>
    </Page>
  )
}

/** Who called whom, its place in the queue, the caller's languages, and how it sounded. */
function CallKind({ call, heard }: { call: CallView; heard: string }) {
  const t = useT()
  const inLanguage = useStore(language)
  return (
    <p className="sg-row sg-wrap">
      <span className="sg-tag">
        <Icon name={call.direction === 'outbound' ? 'arrowOut' : 'phone'} /> {t(`direction.${call.direction}`)}
      </span>
      {call.callback_of && (
        <Link className="sg-link" href={`/calls/${call.callback_of}`}>
          {t('call.callback')}
        </Link>
      )}
      <Priority call={call} />
      {call.languages.length > 0 && (
        <span className="sg-tag">
          <Icon name="globe" /> {sayLanguages(call.languages, inLanguage)}
        </span>
      )}
      {heard && (
        <span className="sg-tag" data-testid="quality">
          <Icon name="bars" /> {heard}
        </span>
      )}
    </p>
  )
}

function Recording({ detail }: { detail: CallDetail }) {
  const t = useT()
  const { recording, call } = detail
  if (!recording) return <p className="sg-dim">{t('recording.none')}</p>
  if (!recording.sealed) return <p className="sg-dim">{t('recording.growing')}</p>
  const { duration_ms, sha256, repaired } = recording.sealed
  return (
    <section className="sg-panel">
      <h2>
        {t('recording.title')} · {elapsed(duration_ms)}{' '}
        {repaired && <span className="sg-warn">{t('recording.repaired')}</span>}
      </h2>
      {/* biome-ignore lint/a11y/useMediaCaption: there is no transcript of a call. */}
      <audio
        className="sg-audio"
        controls
        data-testid="recording-player"
        preload="metadata"
        src={fileUrl(`/calls/${call.id}/recording.wav`)}
      />
      <p className="sg-dim">
        {t('recording.channels')} SHA-256 <code className="sg-hash">{sha256}</code>
      </p>
    </section>
  )
}
