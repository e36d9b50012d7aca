/** The form of one call, in the order of the questions: where, what, which kind, who, from which number, what else; then whom to send. */
import { Textarea, TextInput } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { Link } from 'wouter'
import type { ReportFields } from '../api/types'
import { Key } from '../app/Key'
import { DispatchPanel } from '../dispatch/DispatchPanel'
import { type TextKey, useT } from '../i18n/i18n'
import type { ShortcutId } from '../keys/shortcuts'
import { useShortcuts } from '../keys/useShortcuts'
import { ClosePanel } from './ClosePanel'
import type { FieldName } from './draft'
import { EarlierCalls } from './EarlierCalls'
import { Elsewhere } from './Elsewhere'
import { focusField, focusIsLost, nextFocus } from './focus'
import { PlaceInput } from './PlaceInput'
import { SaveMark } from './SaveMark'
import { TypePicker } from './TypePicker'
import type { OpenReport } from './useReport'
import { drafts } from './work'

export function ReportForm({ report }: { report: OpenReport }) {
  const t = useT()
  const { draft, call } = report
  const { fields } = draft
  const section = useRef<HTMLElement>(null)
  const change = (part: Partial<ReportFields>) => drafts.edit(draft.report, part)
  useShortcuts({
    place: () => focusField('place'),
    event: () => focusField('event'),
    type: () => focusField('type'),
    name: () => focusField('name', { select: true }),
    number: () => focusField('number', { select: true }),
    details: () => focusField('details'),
  })
  const before = useRef<typeof call.state | null>(null)
  useEffect(() => {
    const inForm = section.current?.contains(document.activeElement) ?? false
    const next = nextFocus(before.current, call.state, { inForm, lost: focusIsLost() })
    before.current = call.state
    if (next === 'place') focusField('place')
    if (next === 'close') section.current?.querySelector<HTMLElement>('.sg-close')?.focus()
  }, [call.state])
  const label = (text: TextKey, id: ShortcutId) => (
    <>
      {t(text)} <Key of={id} />
    </>
  )
  const theirs = (name: FieldName) => <Theirs name={name} report={report} />

  return (
    <section
      aria-label={t('form.title')}
      className="sg-panel sg-form"
      data-call={call.id}
      data-report={draft.report}
      data-testid="report-form"
      ref={section}
    >
      <div className="sg-form-head">
        <h2>{t('form.title')}</h2>
        {report.incident && (
          <Link className="sg-incident" data-testid="incident-number" href={`/incidents/${report.incident.id}`}>
            {report.incident.number}
            {report.incident.state === 'closed' && ` · ${t('incident.closed')}`}
          </Link>
        )}
        <EarlierCalls earlier={report.detail?.earlier ?? []} />
        <span className="sg-grow" />
        <SaveMark draft={draft} ringing={call.state === 'ringing' || call.state === 'waiting'} />
      </div>
      <div className="sg-form-body">
        <PlaceInput
          fields={fields}
          label={label('form.place', 'place')}
          location={call.location ?? null}
          onChange={change}
          unfetched={report.unfetched}
        />
        {theirs('place')}
        <Textarea
          autosize
          data-testid="field-event"
          maxLength={1000}
          label={label('form.event', 'event')}
          maxRows={3}
          minRows={1}
          onChange={(e) => change({ event: e.currentTarget.value })}
          size="sm"
          value={fields.event}
        />
        {theirs('event')}
        <TypePicker
          label={label('form.type', 'type')}
          onChange={(incident_type) => change({ incident_type })}
          value={fields.incident_type}
        />
        {theirs('incident_type')}
        <div className="sg-two">
          <TextInput
            data-testid="field-name"
            maxLength={200}
            label={label('form.name_short', 'name')}
            placeholder={t('form.name')}
            onChange={(e) => change({ caller_name: e.currentTarget.value })}
            size="sm"
            value={fields.caller_name}
          />
          <TextInput
            data-testid="field-number"
            maxLength={64}
            inputMode="tel"
            label={label('form.number_short', 'number')}
            placeholder={t('form.number')}
            onChange={(e) => change({ caller_number: e.currentTarget.value })}
            size="sm"
            value={fields.caller_number}
          />
        </div>
        {theirs('caller_name')}
        {theirs('caller_number')}
        <Textarea
          className="sg-details"
          data-testid="field-details"
          maxLength={10_000}
          label={label('form.details', 'details')}
          onChange={(e) => change({ details: e.currentTarget.value })}
          size="sm"
          value={fields.details}
        />
        {theirs('details')}
      </div>
      {report.elsewhere ? (
        <Elsewhere report={report} />
      ) : (
        <>
          <DispatchPanel report={report} />
          <ClosePanel report={report} />
        </>
      )}
    </section>
  )
}

/** What another person wrote into a field that the operator has changed too; taken over only by a click. */
function Theirs({ report, name }: { report: OpenReport; name: FieldName }) {
  const t = useT()
  const value = report.draft.theirs[name]
  if (value === undefined) return null
  return (
    <div className="sg-theirs" role="status">
      {t('form.changed_elsewhere')} {typeof value === 'string' && <q>{value}</q>}{' '}
      <button className="sg-link" onClick={() => drafts.takeTheirs(report.draft.report, name)} type="button">
        {t('form.take_theirs')}
      </button>
    </div>
  )
}
