import { Button } from '@mantine/core'
import { useLocation } from 'wouter'
import type { CallView } from '../api/types'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { focusField } from '../form/focus'
import { language, useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { useHandset } from '../shift/phone'
import { useNow } from '../util/now'
import { useStore } from '../util/store'
import { elapsed } from '../util/time'
import { act } from './actions'
import { sayDialled } from './dialled'
import { sayLanguages } from './language'

export function RingBanner({ call }: { call: CallView }) {
  const t = useT()
  const now = useNow()
  const [, go] = useLocation()
  const lift = useHandset() === 'lift'
  const inLanguage = useStore(language)
  const answer = () => {
    void act(call.id, 'answer')
    go('/')
    // At once: what is typed before the server has answered must not be lost.
    focusField('place')
  }
  const facts = [
    call.name,
    call.priority !== 'normal' && t(`priority.short.${call.priority}`),
    sayDialled(call),
    sayLanguages(call.languages, inLanguage),
  ]
  const decline = () => void act(call.id, 'decline')
  useShortcuts(lift ? {} : { answer, decline })
  return (
    <div aria-live="assertive" className="sg-ring" data-call={call.id} data-testid="ring-banner" role="alert">
      <span className="sg-ring-icon">
        <Icon name="bell" size={30} />
      </span>
      <span className="sg-ring-title" data-call-state={call.state} data-testid="call-state">
        {t(lift ? 'phone.lift_title' : 'call.ringing_title')}
      </span>
      <span className="sg-ring-who">
        <strong className="sg-number">{call.number ?? t('call.no_number')}</strong>
        <span className="sg-ellipsis" data-testid="ring-facts">
          {call.text && (
            <strong data-testid="ring-text">
              <Icon name="talk" size={14} /> {t('text.uses')}
              {facts.some(Boolean) && ' · '}
            </strong>
          )}
          {call.priority !== 'normal' && <Icon name={call.priority === 'low' ? 'down' : 'up'} size={14} />}
          {facts.filter(Boolean).join(' · ')}
        </span>
      </span>
      <span className="sg-timer">{elapsed(now - Date.parse(call.arrived_at))}</span>
      <span className="sg-grow" />
      <Button
        className="sg-answer"
        data-testid="answer"
        disabled={lift}
        leftSection={<Icon name="phone" size={22} />}
        onClick={answer}
        rightSection={<Key of="answer" />}
        size="lg"
      >
        {t('call.answer')}
      </Button>
      <Button
        className="sg-decline"
        data-testid="decline"
        disabled={lift}
        onClick={decline}
        rightSection={<Key of="decline" />}
        variant="default"
      >
        {t('call.decline')}
      </Button>
    </div>
  )
}
