import { Icon } from '../app/Icon'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { type Draft, saveState } from './draft'

const ICONS = { saved: 'check', saving: 'clock', unsaved: 'clock', retrying: 'warning' } as const

/** Whether the typed words are on the server. They are in this browser in any case. */
export function SaveMark({ draft, ringing }: { draft: Draft; ringing: boolean }) {
  const t = useT()
  const state = saveState(draft)
  return (
    <output
      className={state === 'retrying' ? 'sg-bad' : state === 'saved' ? 'sg-ok' : 'sg-dim'}
      data-save-state={state}
      data-testid="save-state"
    >
      <Icon name={ICONS[state]} />{' '}
      {state === 'retrying' && draft.refusal?.status === 403
        ? // Whose the report is now stands below the form.
          t('save.unsaved')
        : state === 'retrying' && draft.refusal
          ? `${t('save.unsaved')}: ${sayError(draft.refusal)}`
          : t(ringing && state !== 'saved' ? 'save.after_answer' : `save.${state}`)}
    </output>
  )
}
