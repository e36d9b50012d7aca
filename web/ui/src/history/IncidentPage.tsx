import { Button, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { post } from '../api/client'
import type { Disposition, TimelineEntry } from '../api/types'
import { Page } from '../app/Page'
import { FootageView } from '../cameras/FootageView'
import { DispatchRow } from '../dispatch/DispatchRow'
import { SendTeams } from '../dispatch/SendTeams'
import { sendTo } from '../dispatch/sending'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { live, readIncident } from '../live/live'
import { learn } from '../live/state'
import { TimelineList } from '../timeline/Timeline'
import { useStore } from '../util/store'
import { clock, dayAndClock } from '../util/time'
import { ReportFacts } from './ReportFacts'

const DISPOSITIONS: Disposition[] = ['normal', 'ghost', 'prank', 'information']

/** One incident: what, who was sent, pictures, and everything that happened. While it is open teams are sent, notes added, and it may be closed. */
export function IncidentPage({ id }: { id: string }) {
  const t = useT()
  const state = useStore(live)
  const detail = useQuery({ queryKey: ['incident', id], queryFn: () => readIncident(id), staleTime: 2_000 })
  const [note, setNote] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [shown, setShown] = useState<string | null>(null)
  const incident = state.incidents[id]
  if (!detail.data || !incident)
    return <Page title={t('incident.title')}>{detail.error ? sayError(detail.error) : t('page.loading')}</Page>
  const footage = Object.values(state.footage).filter((one) => one.incident === id)
  const entries = state.timeline.filter(
    (entry) => entry.incident === id || detail.data.timeline.some(({ seq }) => seq === entry.seq),
  )
  const film = footage.find((one) => one.id === shown)

  async function attempt(what: () => Promise<void>) {
    setError(null)
    await what().catch((cause: unknown) => setError(sayError(cause)))
  }
  const add = () =>
    attempt(async () => {
      const entry = await post<TimelineEntry>(`/incidents/${id}/notes`, { text: note.trim() })
      live.update((now) => learn(now, { timeline: [entry] }))
      setNote('')
    })
  const close = (disposition: Disposition) =>
    attempt(async () => {
      await post(`/incidents/${id}/close`, { disposition, note: note.trim() })
      setNote('')
      await detail.refetch()
    })

  return (
    <Page title={`${t('incident.title')} ${incident.number}`}>
      <p className="sg-dim">
        {t(`incident.${incident.state}`)} · {dayAndClock(incident.opened_at)} · {incident.opened_by_name}
      </p>
      <div className="sg-columns">
        <section className="sg-panel">
          <ReportFacts
            fields={{
              place: incident.place,
              position: incident.position ?? null,
              event: incident.event,
              details: incident.details,
              incident_type: incident.incident_type ?? null,
            }}
          />
          <h2>{t('dispatch.sent')}</h2>
          <ul className="sg-dispatches">
            {incident.dispatches.map((dispatch) => (
              <DispatchRow closed={incident.state === 'closed'} dispatch={dispatch} key={dispatch.id} />
            ))}
          </ul>
          {incident.state === 'open' && (
            <SendTeams
              incident={incident}
              mine
              // Nobody writes the place here: who sends a team reads what there is, and tells it the rest.
              missing={false}
              onSend={(teams) => sendTo(id, teams)}
              // Ctrl+Enter after a note must send nobody whom no hand has chosen.
              suggested={false}
              type={incident.incident_type ?? null}
            />
          )}
          <h2>{t('history.calls')}</h2>
          <ul className="sg-list">
            {detail.data.calls.map((call) => (
              <li key={call.id}>
                <Link className="sg-list-row" href={`/calls/${call.id}`}>
                  <span className="sg-mono">{dayAndClock(call.arrived_at)}</span>
                  <span className="sg-mono">{call.number ?? t('call.no_number')}</span>
                  <span className="sg-dim">{call.operator_name}</span>
                </Link>
              </li>
            ))}
          </ul>
          {incident.state === 'open' && (
            <>
              <Textarea
                data-testid="note"
                label={t('incident.note')}
                onChange={(event) => setNote(event.currentTarget.value)}
                value={note}
              />
              <div className="sg-row sg-wrap">
                <Button data-testid="add-note" disabled={!note.trim()} onClick={() => void add()} variant="default">
                  {t('incident.add_note')}
                </Button>
                {DISPOSITIONS.map((disposition) => (
                  <Button
                    data-testid={`close-${disposition}`}
                    key={disposition}
                    onClick={() => void close(disposition)}
                    variant="default"
                  >
                    {t('incident.close_as', { disposition: t(`disposition.${disposition}`) })}
                  </Button>
                ))}
              </div>
            </>
          )}
          {error && (
            <div className="sg-error" role="alert">
              {error}
            </div>
          )}
        </section>
        <section className="sg-panel">
          <h2>{t('footage.title')}</h2>
          <div className="sg-chips">
            {footage.map((one) => (
              <button
                aria-pressed={shown === one.id}
                className="sg-chip"
                data-testid={`footage-${one.id}`}
                key={one.id}
                onClick={() => setShown(shown === one.id ? null : one.id)}
                type="button"
              >
                {one.camera_name} · {clock(one.from)}–{clock(one.to)}
              </button>
            ))}
            {footage.length === 0 && <span className="sg-dim">{t('footage.none')}</span>}
          </div>
          {film && <FootageView footage={film} moment={detail.data.calls[0]?.arrived_at ?? null} />}
          <h2>{t('timeline.title')}</h2>
          <TimelineList entries={entries} none={t('timeline.empty')} />
        </section>
      </div>
    </Page>
  )
}
