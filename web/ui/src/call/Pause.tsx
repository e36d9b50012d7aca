/** Ready, paused or still finishing the last call; calling out; and the end of the shift. */
import { Button, Menu } from '@mantine/core'
import { useState } from 'react'
import type { OperatorView } from '../api/types'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { live } from '../live/live'
import { me } from '../session/session'
import { PAUSE_REASONS, sayPause } from '../shift/pause'
import { endShift, setReadiness, shift } from '../shift/shift'
import { stopWatching, watching } from '../shift/watching'
import { useNow } from '../util/now'
import { useSelect, useStore } from '../util/store'
import { elapsed } from '../util/time'
import { refusal } from './actions'
import { openDial } from './DialDialog'

export function Pause() {
  const t = useT()
  const phase = useStore(shift)
  const looksOn = useStore(watching)
  const [open, setOpen] = useState(false)
  const state = useSelect(live, ({ operators }) => operators[me()?.id ?? '']?.state)
  const attempt = (what: Promise<void>) => void what.catch((error: unknown) => refusal.set(sayError(error)))
  const ready = () => attempt(setReadiness({ state: 'ready' }))
  const dialOut = () => openDial({ purpose: 'out' })
  const waiting = state?.state === 'paused' || state?.state === 'preparing' || state?.state === 'wrap_up'
  const on = phase === 'on' && state !== undefined
  useShortcuts({ pause: on ? (waiting ? ready : () => setOpen(true)) : null, dial: on ? dialOut : null })
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
        <Icon name={state.state === 'wrap_up' ? 'clock' : waiting ? 'pause' : 'check'} /> {t(`operator.${state.state}`)}
        {state.state === 'paused' && state.reason ? ` · ${sayPause(state.reason)}` : ''}
        {state.state === 'wrap_up' && <Countdown state={state} />}
      </span>
      {waiting && (
        <Button color="ok" data-testid="become-ready" onClick={ready} rightSection={<Key of="pause" />}>
          {t(state.state === 'wrap_up' ? 'shift.ready_now' : 'shift.ready')}
        </Button>
      )}
      <Button
        data-testid="dial-out"
        leftSection={<Icon name="phone" />}
        onClick={dialOut}
        rightSection={<Key of="dial" />}
        variant="default"
      >
        {t('dial.out')}
      </Button>
      <Menu onChange={setOpen} opened={open} withinPortal>
        <Menu.Target>
          <Button data-testid="pause" rightSection={waiting ? null : <Key of="pause" />} variant="default">
            {waiting ? t('shift.menu') : t('operator.pause')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {PAUSE_REASONS.map((reason) => (
            <Menu.Item key={reason} onClick={() => attempt(setReadiness({ state: 'paused', reason }))}>
              {t('operator.pause')}: {sayPause(reason)}
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

/** How long until the operator is rung again. */
export function Countdown({ state }: { state: Extract<OperatorView['state'], { state: 'wrap_up' }> }) {
  const now = useNow()
  return <strong className="sg-mono"> {elapsed(Date.parse(state.until) - now + 999)}</strong>
}
