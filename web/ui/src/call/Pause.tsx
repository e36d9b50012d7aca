/** Ready or paused, and the end of the shift. */
import { Button, Menu } from '@mantine/core'
import { useState } from 'react'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { live } from '../live/live'
import { me } from '../session/session'
import { endShift, setReadiness, shift } from '../shift/shift'
import { stopWatching, watching } from '../shift/watching'
import { useSelect, useStore } from '../util/store'
import { refusal } from './actions'

const REASONS = ['pause.break', 'pause.prayer', 'pause.paperwork', 'pause.handover'] as const

export function Pause() {
  const t = useT()
  const phase = useStore(shift)
  const looksOn = useStore(watching)
  const [open, setOpen] = useState(false)
  const state = useSelect(live, ({ operators }) => operators[me()?.id ?? '']?.state)
  const attempt = (what: Promise<void>) => void what.catch((error: unknown) => refusal.set(sayError(error)))
  const ready = () => attempt(setReadiness({ state: 'ready' }))
  const waiting = state?.state === 'paused' || state?.state === 'preparing'
  useShortcuts({ pause: phase === 'on' ? (waiting ? ready : () => setOpen(true)) : null })
  if (phase === 'off' && looksOn)
    return (
      <Button onClick={stopWatching} variant="default">
        {t('shift.start')}
      </Button>
    )
  if (phase !== 'on' || !state) return null
  return (
    <div className="sg-row">
      <span className={waiting ? 'sg-warn' : 'sg-ok'} data-operator-state={state.state} data-testid="my-state">
        <Icon name={waiting ? 'pause' : 'check'} /> {t(`operator.${state.state}`)}
        {state.state === 'paused' && state.reason ? ` · ${state.reason}` : ''}
      </span>
      {waiting && (
        <Button color="ok" data-testid="become-ready" onClick={ready} rightSection={<Key of="pause" />}>
          {t('shift.ready')}
        </Button>
      )}
      <Menu onChange={setOpen} opened={open} withinPortal>
        <Menu.Target>
          <Button data-testid="pause" rightSection={waiting ? null : <Key of="pause" />} variant="default">
            {waiting ? t('shift.menu') : t('operator.pause')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {REASONS.map((reason) => (
            <Menu.Item key={reason} onClick={() => attempt(setReadiness({ state: 'paused', reason: t(reason) }))}>
              {t('operator.pause')}: {t(reason)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item data-testid="end-shift" onClick={() => attempt(endShift())}>
            {t('shift.end')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  )
}
