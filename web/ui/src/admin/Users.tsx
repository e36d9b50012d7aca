import { useQuery } from '@tanstack/react-query'
import { get, patch, post } from '../api/client'
import type { Role, UserView } from '../api/types'
import { useT } from '../i18n/i18n'
import { atLeast, me } from '../session/session'
import { Records } from './Records'

interface Form {
  username: string
  name: string
  role: Role
  password: string
  active: boolean
}

const ROLES: Role[] = ['operator', 'supervisor', 'manager', 'head']

export function Users() {
  const t = useT()
  const users = useQuery({ queryKey: ['users'], queryFn: () => get<UserView[]>('/users') })
  const user = me()
  return (
    <Records<UserView, Form>
      columns={[
        { title: t('admin.name'), of: ({ name }) => name },
        { title: t('signin.username'), of: ({ username }) => username },
        { title: t('admin.role'), of: ({ role }) => t(`role.${role}`) },
        { title: t('admin.active'), of: ({ active }) => t(active ? 'admin.yes' : 'admin.no') },
      ]}
      fields={(row) => [
        ...(row
          ? []
          : [{ name: 'username' as const, label: t('signin.username'), kind: 'text' as const, required: true }]),
        { name: 'name', label: t('admin.name'), kind: 'text', required: true },
        {
          name: 'role',
          label: t('admin.role'),
          kind: 'choice',
          options: ROLES.map((role) => ({ value: role, label: t(`role.${role}`) })),
        },
        {
          name: 'password',
          label: t('signin.password'),
          hint: t(row ? 'admin.password_keep' : 'setup.password_rule'),
          kind: 'password',
          required: !row,
        },
        ...(row ? [{ name: 'active' as const, label: t('admin.active'), kind: 'switch' as const }] : []),
      ]}
      form={(row) => ({
        username: row?.username ?? '',
        name: row?.name ?? '',
        role: row?.role ?? 'operator',
        password: '',
        active: row?.active ?? true,
      })}
      may={user !== null && atLeast(user, 'head')}
      name="user"
      rows={users.data ?? []}
      save={({ username, name, role, password, active }, row) =>
        row
          ? patch(`/users/${row.id}`, { name, role, active, ...(password && { password }) })
          : post('/users', { username: username.trim(), name, role, password })
      }
    />
  )
}
