import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { get, post, put } from '../api/client'
import { useAgencies, useTeams } from '../api/queries'
import type { TeamLink, TeamView } from '../api/types'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { dayAndClock } from '../util/time'
import { Records } from './Records'
import { bodyOf, formOf, onTopOf, type TeamForm } from './teamForm'

export function Teams() {
  const t = useT()
  const agencies = useAgencies().data ?? []
  const [link, setLink] = useState<TeamLink | string | null>(null)
  const make = (team: TeamView) =>
    post<TeamLink>(`/teams/${team.id}/link`).then(setLink, (error: unknown) => setLink(sayError(error)))
  return (
    <>
      <Records<TeamView, TeamForm>
        actions={(team) => (
          <Button data-testid={`link-${team.id}`} onClick={() => void make(team)} size="compact-sm" variant="default">
            {t('admin.link')}
          </Button>
        )}
        columns={[
          { title: t('admin.name'), of: ({ name }) => name },
          { title: t('admin.agency'), of: ({ agency_name }) => agency_name },
          { title: 'Telegram', of: ({ telegram_chat }) => (telegram_chat != null ? t('admin.linked') : '—') },
          { title: 'WhatsApp', of: ({ whatsapp_number }) => whatsapp_number ?? '—' },
          { title: t('admin.active'), of: ({ active }) => t(active ? 'admin.yes' : 'admin.no') },
        ]}
        fields={() => [
          {
            name: 'agency',
            label: t('admin.agency'),
            kind: 'choice',
            options: agencies.map(({ id, name }) => ({ value: id, label: name })),
            required: true,
          },
          { name: 'name', label: t('admin.name'), kind: 'text', required: true },
          { name: 'telegram_chat', label: t('admin.telegram_chat'), hint: t('admin.telegram_hint'), kind: 'text' },
          { name: 'whatsapp_number', label: 'WhatsApp', hint: t('admin.whatsapp_hint'), kind: 'text' },
          { name: 'latitude', label: t('admin.latitude'), kind: 'degrees' },
          { name: 'longitude', label: t('admin.longitude'), kind: 'degrees' },
          { name: 'active', label: t('admin.active'), kind: 'switch' },
        ]}
        form={(row) => formOf(row, agencies[0]?.id)}
        name="team"
        rows={useTeams().data ?? []}
        save={save}
      />
      <Modal
        closeButtonProps={{ 'aria-label': t('page.close') }}
        onClose={() => setLink(null)}
        opened={link !== null}
        title={t('admin.link')}
      >
        {typeof link === 'string' && <p className="sg-error">{link}</p>}
        {link !== null && typeof link !== 'string' && (
          <div className="sg-stack" data-testid="team-link">
            <p>{t('admin.link_explain')}</p>
            <code>/start {link.token}</code>
            {link.telegram_url && (
              <a className="sg-link" href={link.telegram_url} rel="noreferrer" target="_blank">
                {link.telegram_url}
              </a>
            )}
            {link.expires_at && (
              <p className="sg-dim">{t('admin.link_until', { time: dayAndClock(link.expires_at) })}</p>
            )}
          </div>
        )}
      </Modal>
    </>
  )
}

/** A form that was opened a while ago must not undo what happened to the team since. */
async function save(form: TeamForm, row: TeamView | null): Promise<unknown> {
  if (!row) return post('/teams', bodyOf(form))
  const now = (await get<TeamView[]>('/teams')).find(({ id }) => id === row.id) ?? row
  return put(`/teams/${row.id}`, bodyOf(onTopOf(form, formOf(row), formOf(now))))
}
