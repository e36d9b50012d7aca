/** At the beginning of the shift: the desk phones that may be worked with in place of the headset. Nothing where there are none. */
import { Button } from '@mantine/core'
import { useMemo } from 'react'
import { Icon } from '../app/Icon'
import { useT } from '../i18n/i18n'
import { live } from '../live/live'
import { session } from '../session/session'
import { useSelect, useStore } from '../util/store'
import { choosable } from './phone'

export function PhoneChoice({ busy, choose }: { busy: boolean; choose: (phone: string) => void }) {
  const t = useT()
  const now = useStore(session)
  const phones = useSelect(live, (state) => state.phones)
  const user = now.phase === 'in' ? now.user : null
  const free = useMemo(() => (user ? choosable(phones, user) : []), [phones, user])
  if (Object.keys(phones).length === 0) return null
  return (
    <section aria-label={t('phone.title')} className="sg-phones" data-testid="phone-choice">
      <p>{t(free.length > 0 ? 'phone.explain' : 'phone.none')}</p>
      <div className="sg-row">
        {free.map(({ name }) => (
          <Button
            data-testid={`start-with-${name}`}
            disabled={busy}
            key={name}
            leftSection={<Icon name="phone" />}
            onClick={() => choose(name)}
            variant="default"
          >
            {t('phone.start', { name })}
          </Button>
        ))}
      </div>
    </section>
  )
}
