import { post, put } from '../api/client'
import { useAgencies, useTypes } from '../api/queries'
import type { IncidentTypeView } from '../api/types'
import { useT } from '../i18n/i18n'
import { Records } from './Records'

export function Types() {
  const t = useT()
  const agencies = useAgencies().data ?? []
  const types = useTypes().data ?? []
  const options = agencies.map(({ id, name }) => ({ value: id, label: name }))
  const names = (ids: string[]) =>
    ids.map((id) => agencies.find((agency) => agency.id === id)?.name ?? '?').join(', ') || '—'
  return (
    <Records<IncidentTypeView, Omit<IncidentTypeView, 'id'>>
      columns={[
        { title: t('admin.rank'), of: ({ rank }) => rank },
        { title: t('admin.name'), of: ({ name }) => name },
        { title: t('admin.lead'), of: ({ lead }) => names(lead) },
        { title: t('admin.support'), of: ({ support }) => names(support) },
        { title: t('admin.active'), of: ({ active }) => t(active ? 'admin.yes' : 'admin.no') },
      ]}
      fields={() => [
        { name: 'rank', label: t('admin.rank'), hint: t('admin.rank_hint'), kind: 'number', required: true },
        { name: 'name', label: t('admin.name'), kind: 'text', required: true },
        { name: 'name_en', label: t('admin.name_en'), kind: 'text' },
        { name: 'lead', label: t('admin.lead'), kind: 'choices', options },
        { name: 'support', label: t('admin.support'), kind: 'choices', options },
        { name: 'active', label: t('admin.active'), kind: 'switch' },
      ]}
      form={(row) => ({
        rank: row?.rank ?? types.length + 1,
        name: row?.name ?? '',
        name_en: row?.name_en ?? '',
        lead: row?.lead ?? [],
        support: row?.support ?? [],
        active: row?.active ?? true,
      })}
      name="type"
      rows={types}
      save={(form, row) => (row ? put(`/types/${row.id}`, form) : post('/types', form))}
    />
  )
}
