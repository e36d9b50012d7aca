/** In the call bar of who works with a desk phone: how the phone stands, and what to do about it. */
import { Button } from '@mantine/core'
import { Icon } from '../app/Icon'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { useHandset, useMyPhone } from '../shift/phone'
import { backToHeadset } from '../shift/shift'
import { refusal } from './actions'

const LOOKS = { away: 'sg-bad', registered: 'sg-dim', ringing: 'sg-warn', off_hook: 'sg-ok', lift: 'sg-warn' } as const

export function PhoneHint() {
  const t = useT()
  const name = useMyPhone()
  const state = useHandset()
  if (!name || !state) return null
  const change = () => void backToHeadset().catch((error: unknown) => refusal.set(sayError(error)))
  return (
    <>
      <output aria-live="polite" className={LOOKS[state]} data-phone-state={state} data-testid="my-phone">
        <Icon name={state === 'away' ? 'offline' : 'phone'} size={16} /> {t(`phone.${state}`, { name })}
      </output>
      {state === 'away' && (
        <Button data-testid="back-to-headset" leftSection={<Icon name="mic" />} onClick={change} variant="default">
          {t('phone.headset')}
        </Button>
      )}
    </>
  )
}
