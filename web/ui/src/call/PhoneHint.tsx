/** In the call bar of who works with a desk phone: how the phone stands, and what to do about it. */
import { Icon } from '../app/Icon'
import { useT } from '../i18n/i18n'
import { useHandset, useMyPhone } from '../shift/phone'

const LOOKS = { away: 'sg-bad', registered: 'sg-dim', ringing: 'sg-warn', off_hook: 'sg-ok', lift: 'sg-warn' } as const

export function PhoneHint() {
  const t = useT()
  const name = useMyPhone()
  const state = useHandset()
  if (!name || !state) return null
  return (
    <output aria-live="polite" className={LOOKS[state]} data-phone-state={state} data-testid="my-phone">
      <Icon name={state === 'away' ? 'offline' : 'phone'} size={16} /> {t(`phone.${state}`, { name })}
    </output>
  )
}
