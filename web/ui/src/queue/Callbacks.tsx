/** Callers who gave up before an answer, oldest first, each with one button to call back. */
import { Menu } from '@mantine/core'
import { type KeyboardEvent, useRef, useState } from 'react'
import { useCallbacks } from '../api/queries'
import type { CallbackView } from '../api/types'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { atLeast, session } from '../session/session'
import { shift } from '../shift/shift'
import { useNow } from '../util/now'
import { useStore } from '../util/store'
import { elapsed } from '../util/time'
import { CLOSE_REASONS, callBack, closeCallback, release, SHOWN } from './callbacks'
import { isTaken } from './line'

export function Callbacks() {
  const t = useT()
  const list = useRef<HTMLUListElement>(null)
  const rows = useCallbacks().data ?? []
  const buttons = () => [...(list.current?.querySelectorAll<HTMLElement>('[data-callback]') ?? [])]
  useShortcuts({ callbacks: rows.length > 0 ? () => buttons()[0]?.focus() : null })
  if (rows.length === 0) return null
  const step = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || !['ArrowDown', 'ArrowUp'].includes(event.key)) return
    const all = buttons()
    const at = all.findIndex((one) => one.closest('li')?.contains(document.activeElement))
    if (at < 0) return
    all[(at + (event.key === 'ArrowDown' ? 1 : -1) + all.length) % all.length]?.focus()
    event.preventDefault()
  }
  return (
    <>
      <h2>
        {t('callback.title')}{' '}
        <span
          className="sg-count sg-count-warn"
          data-testid="callback-count"
          title={rows.length >= SHOWN ? t('callback.more', { n: SHOWN }) : undefined}
        >
          {rows.length >= SHOWN ? `${SHOWN}+` : rows.length}
        </span>{' '}
        <Key of="callbacks" />
      </h2>
      <ul className="sg-list sg-callbacks" data-testid="callbacks" onKeyDown={step} ref={list}>
        {rows.map((row) => (
          <Row key={row.call} row={row} />
        ))}
      </ul>
    </>
  )
}

function Row({ row }: { row: CallbackView }) {
  const t = useT()
  const now = useNow()
  const who = useStore(session)
  const on = useStore(shift) === 'on'
  const [busy, setBusy] = useState(false)
  const user = who.phase === 'in' ? who.user.id : ''
  const taken = isTaken(row, user)
  // A supervisor steps in where somebody has left who saw to a caller.
  const mayRelease = taken ? who.phase === 'in' && atLeast(who.user, 'supervisor') : row.claimed_by === user
  const call = () => {
    if (busy || !on) return
    setBusy(true)
    void callBack(row).finally(() => setBusy(false))
  }
  return (
    <li className="sg-queue-row sg-callback" data-testid={`callback-${row.call}`}>
      <Icon name="arrowBack" />
      <span className="sg-mono sg-ellipsis">{row.number}</span>
      <span className="sg-mono" title={t('callback.ago')}>
        {elapsed(now - Date.parse(row.abandoned_at))}
      </span>
      <span className="sg-dim sg-queue-note">
        {row.name ? `${row.name} · ` : ''}
        {row.cut_off ? (
          <span className="sg-warn">{t('callback.cut_off')}</span>
        ) : (
          t('callback.waited', { time: elapsed(row.waited_s * 1000) })
        )}
      </span>
      <span className="sg-callback-do">
        {row.tries > 0 && !taken && (
          <span className="sg-warn sg-grow sg-nowrap" title={t('callback.tries', { n: row.tries })}>
            {row.tries}×<span className="sg-visually-hidden"> {t('callback.tries', { n: row.tries })}</span>
          </span>
        )}
        {taken ? (
          <span className="sg-warn sg-ellipsis" data-callback={row.call} tabIndex={-1}>
            <Icon name="person" size={14} /> {t('callback.taken', { name: row.claimed_by_name ?? '' })}
          </span>
        ) : (
          <button
            aria-disabled={!on || undefined}
            aria-label={t('callback.call_label', { number: row.number })}
            className="sg-small sg-small-go"
            data-callback={row.call}
            data-testid={`call-back-${row.call}`}
            onClick={call}
            title={on ? undefined : t('error.no_shift')}
            type="button"
          >
            <Icon name="phone" size={14} /> {t('callback.call')}
          </button>
        )}
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <button
              aria-label={t('callback.close_label', { number: row.number })}
              className="sg-small"
              data-testid={`close-callback-${row.call}`}
              type="button"
            >
              {t('callback.close')}
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            {CLOSE_REASONS.map((reason) => (
              <Menu.Item
                data-testid={`callback-${reason}`}
                key={reason}
                onClick={() => void closeCallback(row.call, reason)}
              >
                {t(`callback.${reason}`)}
              </Menu.Item>
            ))}
            {mayRelease && (
              <>
                <Menu.Divider />
                <Menu.Item data-testid="callback-release" onClick={() => void release(row.call)}>
                  {t('callback.release')}
                </Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      </span>
    </li>
  )
}
