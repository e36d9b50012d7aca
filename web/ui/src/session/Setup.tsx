/** The one-time page that the server's first start links to: `/setup#token=...`. The token stays behind `#`, out of logs. */
import { Button, Paper, PasswordInput, TextInput, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useLocation } from 'wouter'
import { post } from '../api/client'
import { LanguageSwitch } from '../app/LanguageSwitch'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { signIn } from './session'

export function Setup() {
  const t = useT()
  const [, go] = useLocation()
  const [name, setName] = useState('')
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? ''

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (password !== again) return setError(t('setup.mismatch'))
    setBusy(true)
    setError(null)
    try {
      await post('/setup', { token, username: username.trim(), name: name.trim(), password })
      await signIn(username.trim(), password)
      go('/admin/users', { replace: true })
    } catch (cause) {
      setError(sayError(cause))
    } finally {
      setBusy(false)
    }
  }

  return (
    <main className="sg-center">
      <Paper className="sg-card" component="form" onSubmit={submit}>
        <Title order={1} size="h2">
          {t('setup.title')}
        </Title>
        <p className="sg-dim">{token ? t('setup.explain') : t('setup.no_token')}</p>
        <TextInput
          autoFocus
          data-testid="setup-name"
          label={t('admin.name')}
          onChange={(e) => setName(e.currentTarget.value)}
          required
          value={name}
          withAsterisk={false}
        />
        <TextInput
          autoCapitalize="none"
          autoComplete="username"
          data-testid="username"
          label={t('signin.username')}
          onChange={(e) => setUsername(e.currentTarget.value)}
          required
          value={username}
          withAsterisk={false}
        />
        <PasswordInput
          autoComplete="new-password"
          data-testid="password"
          description={t('setup.password_rule')}
          label={t('signin.password')}
          minLength={10}
          onChange={(e) => setPassword(e.currentTarget.value)}
          required
          value={password}
          withAsterisk={false}
        />
        <PasswordInput
          autoComplete="new-password"
          data-testid="password-again"
          label={t('setup.again')}
          onChange={(e) => setAgain(e.currentTarget.value)}
          required
          value={again}
          withAsterisk={false}
        />
        <div aria-live="assertive" className="sg-error">
          {error}
        </div>
        <Button data-testid="setup" disabled={!token} fullWidth loading={busy} type="submit">
          {t('setup.submit')}
        </Button>
        <LanguageSwitch />
      </Paper>
    </main>
  )
}
