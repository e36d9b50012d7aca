import { Button } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTeams, useTypes } from '../api/queries'
import type { IncidentView } from '../api/types'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { chosen, ordered, wanting } from './suggestion'

interface Props {
  /** The kind of incident, which suggests teams. */
  type: string | null
  /** `null` while there is none yet: sending opens it, also without teams. */
  incident: IncidentView | null
  /** Whether this person may send for it now. */
  mine: boolean
  /** Whether lead teams are chosen by themselves; elsewhere a hand chooses all. */
  suggested: boolean
  /** Whether nobody knows yet where to go. */
  missing: boolean
  /** Takes the person to where the place is written. */
  onMissing?: () => void
  onSend: (teams: string[]) => Promise<void>
}

/** Which teams are sent, and the button that sends them. */
export function SendTeams({ type: typeId, incident, mine, suggested, missing, onMissing, onSend }: Props) {
  const t = useT()
  const [byHand, setByHand] = useState<Record<string, boolean>>({})
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const list = useRef<HTMLDivElement>(null)
  const types = useTypes().data ?? []
  const type = types.find(({ id }) => id === typeId) ?? null
  const sent = new Set(incident?.dispatches.map(({ team }) => team) ?? [])
  const choices = ordered(useTeams().data ?? [], type)
  const picked = chosen(choices, byHand, sent, suggested)
  const closed = incident?.state === 'closed'

  const hint = wanting({ mine, closed, missing, type: type !== null, incident: incident !== null })
  // A complaint about what has been mended since is only confusing.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the complaint is about these.
  useEffect(() => setError(null), [missing, picked.length])

  async function dispatch() {
    if (busy || closed || !mine) return
    if (missing) {
      onMissing?.()
      return setError(t('dispatch.no_place'))
    }
    if (picked.length === 0 && incident) return setError(t('dispatch.no_team'))
    setBusy(true)
    setError(null)
    try {
      await onSend(picked)
      setByHand({})
    } catch (cause) {
      setError(sayError(cause))
    } finally {
      setBusy(false)
    }
  }
  useShortcuts({ send: () => void dispatch(), teams: () => list.current?.querySelector<HTMLElement>('input')?.focus() })

  return (
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
        {picked.length > 0
          ? t(sent.size > 0 ? 'dispatch.send_more' : 'dispatch.send', { n: picked.length })
          : t(incident ? 'dispatch.choose' : 'dispatch.open_only')}
      </Button>
    </div>
  )
}
