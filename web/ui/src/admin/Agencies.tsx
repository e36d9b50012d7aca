import { post, put } from '../api/client'
import { useAgencies } from '../api/queries'
import type { AgencyView } from '../api/types'
import { useT } from '../i18n/i18n'
import { Records } from './Records'

export function Agencies() {
  const t = useT()
  return (
    <Records<AgencyView, Omit<AgencyView, 'id'>>
      columns={[
        { title: t('admin.name'), of: ({ name }) => name },
        { title: t('admin.phone'), of: ({ phone }) => phone },
        { title: t('admin.active'), of: ({ active }) => t(active ? 'admin.yes' : 'admin.no') },
      ]}
      fields={() => [
        { name: 'name', label: t('admin.name'), kind: 'text', required: true },
        { name: 'phone', label: t('admin.phone'), kind: 'text' },
        { name: 'active', label: t('admin.active'), kind: 'switch' },
      ]}
      form={(row) => ({ name: row?.name ?? '', phone: row?.phone ?? '', active: row?.active ?? true })}
      name="agency"
      rows={useAgencies().data ?? []}
      save={(form, row) => (row ? put(`/agencies/${row.id}`, form) : post('/agencies', form))}
    />
  )
}
