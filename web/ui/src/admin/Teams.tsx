import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { post, put } from '../api/client'
import { useAgencies, useTeams } from '../api/queries'
import type { TeamLink, TeamView } from '../api/types'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { dayAndClock } from '../util/time'
import { positionOf } from './position'
import { Records } from './Records'

interface Form {
  agency: string
  name: string
  telegram_chat: string
  whatsapp_number: string
  latitude: number | string
  longitude: number | string
  active: boolean
}

export function Teams() {
  const t = useT()
  const agencies = useAgencies().data ?? []
  const [link, setLink] = useState<TeamLink | string | null>(null)
  const make = (team: TeamView) =>
    post<TeamLink>(`/teams/${team.id}/link`).then(setLink, (error: unknown) => setLink(sayError(error)))
  return (
    <>
      <Records<TeamView, Form>
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
        form={(row) => ({
          agency: row?.agency ?? agencies[0]?.id ?? '',
          name: row?.name ?? '',
          telegram_chat: row?.telegram_chat?.toString() ?? '',
          whatsapp_number: row?.whatsapp_number ?? '',
          latitude: row?.position?.latitude ?? '',
          longitude: row?.position?.longitude ?? '',
          active: row?.active ?? true,
        })}
        name="team"
        rows={useTeams().data ?? []}
        save={({ latitude, longitude, telegram_chat, whatsapp_number, ...form }, row) => {
          const chat = Number(telegram_chat.trim())
          const body = {
            ...form,
            telegram_chat: telegram_chat.trim() && Number.isSafeInteger(chat) ? chat : null,
            whatsapp_number: whatsapp_number.replace(/\D/g, '') || null,
            position: positionOf(latitude, longitude),
          }
          return row ? put(`/teams/${row.id}`, body) : post('/teams', body)
        }}
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
