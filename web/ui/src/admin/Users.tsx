import { useQuery } from '@tanstack/react-query'
import { get, patch, post } from '../api/client'
import type { Role, UserView } from '../api/types'
import { sayLanguages } from '../call/language'
import { language, useT } from '../i18n/i18n'
import { atLeast, me } from '../session/session'
import { useStore } from '../util/store'
import { Records } from './Records'
import { LANGUAGES, languageOf, SKILLS, skillOf } from './words'

interface Form {
  username: string
  name: string
  role: Role
  password: string
  skills: string[]
  languages: string[]
  active: boolean
}

const ROLES: Role[] = ['operator', 'supervisor', 'manager', 'head']

export function Users() {
  const t = useT()
  const users = useQuery({ queryKey: ['users'], queryFn: () => get<UserView[]>('/users') })
  const user = me()
  const inLanguage = useStore(language)
  return (
    <Records<UserView, Form>
      columns={[
        { title: t('admin.name'), of: ({ name }) => name },
        { title: t('signin.username'), of: ({ username }) => username },
        { title: t('admin.role'), of: ({ role }) => t(`role.${role}`) },
        { title: t('admin.skills'), of: ({ skills }) => skills.join(', ') || '—' },
        { title: t('admin.languages'), of: ({ languages }) => sayLanguages(languages, inLanguage) || '—' },
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
        {
          name: 'skills',
          label: t('admin.skills'),
          hint: t('admin.skills_hint'),
          kind: 'words',
          offers: SKILLS,
          clean: skillOf,
        },
        {
          name: 'languages',
          label: t('admin.languages'),
          hint: t('admin.languages_hint'),
          kind: 'words',
          offers: LANGUAGES,
          clean: languageOf,
        },
        ...(row ? [{ name: 'active' as const, label: t('admin.active'), kind: 'switch' as const }] : []),
      ]}
      form={(row) => ({
        username: row?.username ?? '',
        name: row?.name ?? '',
        role: row?.role ?? 'operator',
        password: '',
        skills: row?.skills ?? [],
        languages: row?.languages ?? [],
        active: row?.active ?? true,
      })}
      may={user !== null && atLeast(user, 'head')}
      name="user"
      rows={users.data ?? []}
      save={({ username, password, active, ...form }, row) =>
        row
          ? patch(`/users/${row.id}`, { ...form, active, ...(password && { password }) })
          : post('/users', { ...form, username: username.trim(), password })
      }
    />
  )
}
