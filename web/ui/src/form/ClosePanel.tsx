/** After the call: one key per disposition. Without an incident it closes the report; with one it says how the incident will be closed. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import type { Disposition } from '../api/types'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { reopen } from '../queue/callbacks'
import { closeIncident, closeReport } from './closing'
import { isGivenAway } from './holder'
import type { OpenReport } from './useReport'
import { leave } from './work'

const DISPOSITIONS: Disposition[] = ['normal', 'ghost', 'prank', 'information']

export function ClosePanel({ report }: { report: OpenReport }) {
  const t = useT()
  const { call, draft, incident, saved } = report
  const [chosen, setChosen] = useState<Disposition | null>(saved?.disposition ?? null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const over = call.state === 'ended' || isGivenAway(call)
  const open = incident?.state === 'open'
  // An incident was sent to teams: that it was real needs no key of its own.
  const shown = chosen ?? (incident ? 'normal' : null)

  async function attempt(what: () => Promise<void>) {
    if (busy) return
    setBusy(true)
    setError(null)
    try {
      await what()
    } catch (cause) {
      setError(`${t('close.stays')} ${sayError(cause)}`)
    } finally {
      setBusy(false)
    }
  }

  const choose = (disposition: Disposition) => {
    setChosen(disposition)
    if (!open) void attempt(() => closeReport(call.id, draft.report, disposition))
  }
  const close = () => {
    if (incident) void attempt(() => closeIncident(call.id, draft.report, incident.id, shown ?? 'normal'))
  }
  const putAway = () => void attempt(() => leave(call.id))
  useShortcuts({
    normal: over ? () => choose('normal') : null,
    ghost: over ? () => choose('ghost') : null,
    prank: over ? () => choose('prank') : null,
    information: over ? () => choose('information') : null,
    closeIncident: over && open ? close : null,
    leave: over && incident ? putAway : null,
  })

  const step = open ? 'incident' : incident ? 'closed' : 'report'

  if (!over) return <div className="sg-close sg-dim">{t('close.later')}</div>
  return (
    // The group takes the focus and none of its buttons: a space typed too late must not close anything.
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame that the panel has no room for.
    <div aria-label={t(`close.next_${step}`)} className="sg-close" data-testid="close-panel" role="group" tabIndex={-1}>
      <p className="sg-next">
        <span>
          <Icon name="flag" size={14} /> <strong>{t(call.state === 'ended' ? 'close.next' : 'close.given')}</strong>{' '}
          {t(`close.next_${step}`)}
        </span>
        <Link className="sg-link" href={`/calls/${call.id}`}>
          {t('close.recording')}
        </Link>
      </p>
      <div className="sg-row sg-wrap">
        {DISPOSITIONS.map((disposition) => (
          <Button
            aria-pressed={shown === disposition}
            className={shown === disposition ? 'sg-chosen' : ''}
            data-testid={`disposition-${disposition}`}
            disabled={busy}
            key={disposition}
            onClick={() => choose(disposition)}
            rightSection={<Key of={disposition} />}
            variant="default"
          >
            {t(`disposition.${disposition}`)}
          </Button>
        ))}
        {open && (
          <>
            <Button
              color="ok"
              data-testid="close-incident"
              disabled={busy}
              onClick={close}
              rightSection={<Key of="closeIncident" />}
            >
              {t('close.incident')}
            </Button>
            <Button
              data-testid="leave-open"
              disabled={busy}
              onClick={putAway}
              rightSection={<Key of="leave" />}
              title={t('close.leave_explain')}
              variant="default"
            >
              {t('close.leave')}
            </Button>
          </>
        )}
      </div>
      {call.callback_of && call.answered_at && <NotSpokenWith callback={call.callback_of} number={call.number ?? ''} />}
      {error && (
        <div className="sg-error" role="alert">
          {error}
        </div>
      )}
    </div>
  )
}

/** Who answered a call back may have been a mailbox. */
function NotSpokenWith({ callback, number }: { callback: string; number: string }) {
  const t = useT()
  const [reopened, setReopened] = useState(false)
  if (reopened) return <p data-testid="callback-reopened">{t('callback.reopened', { number })}</p>
  return (
    <Button
      data-testid="callback-reopen"
      leftSection={<Icon name="arrowBack" size={14} />}
      onClick={() => void reopen(callback).then(setReopened)}
      variant="default"
    >
      {t('callback.reopen')}
    </Button>
  )
}
