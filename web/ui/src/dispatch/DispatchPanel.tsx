import { Button } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTeams, useTypes } from '../api/queries'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { focusField } from '../form/focus'
import type { OpenReport } from '../form/useReport'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { DispatchRow } from './DispatchRow'
import { send } from './sending'
import { chosen, ordered, wanting } from './suggestion'

export function DispatchPanel({ report }: { report: OpenReport }) {
  const t = useT()
  const { draft, incident, saved } = report
  const [byHand, setByHand] = useState<Record<string, boolean>>({})
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const list = useRef<HTMLDivElement>(null)
  const types = useTypes().data ?? []
  const type = types.find(({ id }) => id === draft.fields.incident_type) ?? null
  const sent = new Set(incident?.dispatches.map(({ team }) => team) ?? [])
  const choices = ordered(useTeams().data ?? [], type)
  const picked = chosen(choices, byHand, sent)
  const closed = incident?.state === 'closed'
  const mine = report.call.state !== 'ringing' && report.call.state !== 'waiting'
  const missing = !draft.fields.place.trim() && !draft.fields.position

  const hint = wanting({ mine, closed, missing, type: type !== null, incident: incident !== null })
  // A complaint about what has been mended since is only confusing.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the complaint is about these.
  useEffect(() => setError(null), [missing, picked.length])

  async function dispatch() {
    if (busy || closed || !mine) return
    if (missing) {
      focusField('place')
      return setError(t('dispatch.no_place'))
    }
    if (picked.length === 0 && incident) return setError(t('dispatch.no_team'))
    setBusy(true)
    setError(null)
    try {
      await send(draft.report, saved?.incident ?? null, picked)
      setByHand({})
    } catch (cause) {
      setError(sayError(cause))
    } finally {
      setBusy(false)
    }
  }
  useShortcuts({ send: () => void dispatch(), teams: () => list.current?.querySelector<HTMLElement>('input')?.focus() })

  return (
    <div className="sg-dispatch">
      {incident && incident.dispatches.length > 0 && (
        <ul aria-label={t('dispatch.sent')} className="sg-dispatches">
          {incident.dispatches.map((one) => (
            <DispatchRow closed={closed} dispatch={one} key={one.id} />
          ))}
        </ul>
      )}
      <div className="sg-send">
        <span className="sg-label">
          {t('dispatch.teams')} <Key of="teams" />
        </span>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame that the row has no room for. */}
        <div aria-label={t('dispatch.teams')} className="sg-teams" ref={list} role="group">
          {choices
            .filter(({ team }) => !sent.has(team.id))
            .map(({ team, part }) => {
              const on = picked.includes(team.id)
              return (
                <label
                  className={`sg-team sg-team-${part}`}
                  data-on={on || undefined}
                  key={team.id}
                  title={`${team.agency_name}: ${t(`dispatch.part.${part}`)}`}
                >
                  <input
                    checked={on}
                    data-part={part}
                    data-testid={`team-${team.id}`}
                    disabled={closed}
                    onChange={() => setByHand((before) => ({ ...before, [team.id]: !on }))}
                    type="checkbox"
                  />
                  <span className="sg-ellipsis">{team.name}</span>
                </label>
              )
            })}
          {choices.length === 0 && <span className="sg-dim">{t('dispatch.none_reachable')}</span>}
        </div>
        {error ? (
          <div className="sg-error sg-send-note" role="alert">
            {error}
          </div>
        ) : (
          <span className="sg-dim sg-send-note">{hint && t(`dispatch.hint.${hint}`)}</span>
        )}
        <Button
          className="sg-send-button"
          data-testid="send-dispatch"
          disabled={closed || !mine}
          leftSection={<Icon name="send" />}
          loading={busy}
          onClick={() => void dispatch()}
          rightSection={<Key of="send" />}
          size="md"
          variant={picked.length === 0 ? 'default' : 'filled'}
        >
          {incident
            ? picked.length > 0
              ? t('dispatch.send_more', { n: picked.length })
              : t('dispatch.choose')
            : picked.length > 0
              ? t('dispatch.send', { n: picked.length })
              : t('dispatch.open_only')}
        </Button>
      </div>
    </div>
  )
}
