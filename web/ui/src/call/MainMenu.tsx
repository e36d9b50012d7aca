import { Button, Menu, useMantineColorScheme } from '@mantine/core'
import { useLocation } from 'wouter'
import { Icon } from '../app/Icon'
import { sayError } from '../i18n/errors'
import { language, setLanguage, useT } from '../i18n/i18n'
import { openHelp } from '../keys/HelpSheet'
import { useShortcuts } from '../keys/useShortcuts'
import { atLeast, session, signOut } from '../session/session'
import { useStore } from '../util/store'
import { refusal } from './actions'

export function MainMenu() {
  const t = useT()
  const now = useStore(session)
  const [place, go] = useLocation()
  const { colorScheme, toggleColorScheme } = useMantineColorScheme()
  const supervises = now.phase === 'in' && atLeast(now.user, 'supervisor')
  useShortcuts({ supervise: supervises ? () => go(place === '/supervise' ? '/' : '/supervise') : null })
  if (now.phase !== 'in') return null
  // Words still on their way to the server may take a moment: the person is told, and told if it did not work.
  const goHome = () => {
    refusal.set(t('page.signing_out'))
    return signOut().then(
      () => refusal.set(null),
      (error: unknown) => refusal.set(t('page.still_signed_in', { why: sayError(error) })),
    )
  }
  const pages: [string, string, boolean][] = [
    ['/', t('page.console'), true],
    ['/supervise', t('page.supervise'), supervises],
    ['/calls', t('page.calls'), true],
    ['/incidents', t('page.incidents'), true],
    ['/admin/users', t('page.admin'), atLeast(now.user, 'manager')],
  ]
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button aria-label={t('page.menu')} data-testid="menu" leftSection={<Icon name="menu" />} variant="default">
          <span className="sg-menu-name">{now.user.name}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t(`role.${now.user.role}`)}</Menu.Label>
        {pages
          .filter(([, , may]) => may)
          .map(([path, label]) => (
            <Menu.Item
              aria-current={place === path ? 'page' : undefined}
              data-testid={`page-${path.split('/')[1] || 'console'}`}
              key={path}
              onClick={() => go(path)}
            >
              {label}
            </Menu.Item>
          ))}
        <Menu.Divider />
        <Menu.Item onClick={openHelp} rightSection={<kbd className="sg-key">F1</kbd>}>
          {t('help.title')}
        </Menu.Item>
        <Menu.Item onClick={() => setLanguage(language.get() === 'id' ? 'en' : 'id')}>
          {t('page.other_language')}
        </Menu.Item>
        <Menu.Item onClick={toggleColorScheme}>{t(colorScheme === 'dark' ? 'page.light' : 'page.dark')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item data-testid="sign-out" onClick={() => void goHome()}>
          {t('page.sign_out')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
