import { Tabs } from '@mantine/core'
import { useLocation } from 'wouter'
import { Page } from '../app/Page'
import { type TextKey, useT } from '../i18n/i18n'
import { atLeast, session } from '../session/session'
import { useStore } from '../util/store'
import { Agencies } from './Agencies'
import { Audit } from './Audit'
import { Cameras } from './Cameras'
import { Teams } from './Teams'
import { Types } from './Types'
import { Users } from './Users'

const PARTS: Record<string, [TextKey, () => React.ReactNode]> = {
  users: ['admin.users', Users],
  agencies: ['admin.agencies', Agencies],
  teams: ['admin.teams', Teams],
  types: ['admin.types', Types],
  cameras: ['admin.cameras', Cameras],
  audit: ['admin.audit', Audit],
}

/** What a manager or the head sets up. */
export default function Admin({ part }: { part: string }) {
  const t = useT()
  const [, go] = useLocation()
  const now = useStore(session)
  const Part = PARTS[part]?.[1] ?? Users
  if (now.phase !== 'in' || !atLeast(now.user, 'manager'))
    return <Page title={t('page.admin')}>{t('error.forbidden')}</Page>
  return (
    <Page title={t('page.admin')}>
      <Tabs onChange={(next) => next && go(`/admin/${next}`)} value={PARTS[part] ? part : 'users'}>
        <Tabs.List>
          {Object.entries(PARTS).map(([key, [label]]) => (
            <Tabs.Tab data-testid={`admin-${key}`} key={key} value={key}>
              {t(label)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      <Part />
    </Page>
  )
}
