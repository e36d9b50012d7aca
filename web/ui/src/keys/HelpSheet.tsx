/** The list of all keys; F1, or `?` outside of a text field. */
import { Modal } from '@mantine/core'
import { useEffect } from 'react'
import { Key } from '../app/Key'
import { useT } from '../i18n/i18n'
import { Store, useStore } from '../util/store'
import { SHORTCUTS, type ShortcutId } from './shortcuts'
import { useShortcuts } from './useShortcuts'

const open = new Store(false)
export const openHelp = () => open.set(true)

const GROUPS = ['call', 'form', 'close', 'other'] as const

export function HelpSheet() {
  const t = useT()
  const shown = useStore(open)
  useShortcuts({ help: () => open.set(!open.get()) })
  useEffect(() => {
    const question = (press: KeyboardEvent) => {
      const typing = press.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(press.target.tagName)
      if (press.key === '?' && !typing) open.set(true)
    }
    window.addEventListener('keydown', question)
    return () => window.removeEventListener('keydown', question)
  }, [])
  return (
    <Modal
      closeButtonProps={{ 'aria-label': t('page.close') }}
      data-testid="help"
      onClose={() => open.set(false)}
      opened={shown}
      size="xl"
      title={t('help.title')}
    >
      <div className="sg-help">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{t(`help.group.${group}`)}</h3>
            <dl>
              {(Object.keys(SHORTCUTS) as ShortcutId[])
                .filter((id) => SHORTCUTS[id].group === group)
                .map((id) => (
                  <div key={id}>
                    <dt>
                      <Key of={id} />
                    </dt>
                    <dd>{t(`shortcut.${id}`)}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="sg-dim">{t('help.types')}</p>
    </Modal>
  )
}
