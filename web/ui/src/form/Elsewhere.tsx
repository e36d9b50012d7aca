/** In place of sending and closing, when the call is another operator's or was nobody's: what was typed here and not sent is not lost and not forced on the other. */
import { Button, Textarea } from '@mantine/core'
import { useState } from 'react'
import { useTypes } from '../api/queries'
import { sayError } from '../i18n/errors'
import { type TextKey, useT } from '../i18n/i18n'
import { addUnsentAsNote } from './closing'
import { type FieldName, unsentWords } from './draft'
import { sayUnsent } from './unsentNote'
import type { OpenReport } from './useReport'
import { throwAway } from './work'

const NAMES: Record<FieldName, TextKey> = {
  place: 'form.place',
  position: 'map.place',
  event: 'form.event',
  incident_type: 'form.type',
  caller_name: 'form.name',
  caller_number: 'form.number',
  details: 'form.details',
}

export function Elsewhere({ report }: { report: OpenReport }) {
  const t = useT()
  const { call, draft, incident } = report
  const types = useTypes().data ?? []
  const [copied, setCopied] = useState<'no' | 'yes' | 'by_hand'>('no')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const words = sayUnsent(
    draft,
    (field) => t(NAMES[field]),
    (id) => types.find((type) => type.id === id)?.name ?? '',
  )
  const name = call.operator_name ?? t('role.operator')

  async function addNote(to: string) {
    if (busy) return
    setBusy(true)
    setError(null)
    try {
      await addUnsentAsNote(call.id, to, words)
    } catch (cause) {
      setError(sayError(cause))
    } finally {
      setBusy(false)
    }
  }
  // Browsers give the clipboard to pages under https only; elsewhere the text is shown to be taken by hand.
  const copy = () =>
    void Promise.resolve(navigator.clipboard?.writeText(words) ?? Promise.reject(new Error('no clipboard'))).then(
      () => setCopied('yes'),
      () => setCopied('by_hand'),
    )

  return (
    <div className="sg-close" data-testid="elsewhere" role="status">
      <p>
        {call.operator
          ? t(unsentWords(draft).length > 0 ? 'elsewhere.unsent' : 'elsewhere.all_sent', { name })
          : t('elsewhere.nobody')}
      </p>
      <div className="sg-row sg-wrap">
        {words && incident && (
          <Button color="ok" data-testid="unsent-to-note" loading={busy} onClick={() => void addNote(incident.id)}>
            {t('elsewhere.add_note', { number: incident.number })}
          </Button>
        )}
        {words && (
          <Button data-testid="unsent-copy" onClick={copy} variant="default">
            {t(copied === 'yes' ? 'elsewhere.copied' : 'elsewhere.copy')}
          </Button>
        )}
        {(!words || copied !== 'no') && (
          <Button data-testid="unsent-discard" onClick={() => throwAway(call.id)} variant="default">
            {t('elsewhere.discard')}
          </Button>
        )}
      </div>
      {copied === 'by_hand' && (
        <Textarea autosize label={t('elsewhere.by_hand')} maxRows={6} readOnly size="sm" value={words} />
      )}
      {error && (
        <div className="sg-error" role="alert">
          {error}
        </div>
      )}
    </div>
  )
}
