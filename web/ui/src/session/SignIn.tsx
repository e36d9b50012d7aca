import { Button, Paper, PasswordInput, TextInput, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { LanguageSwitch } from '../app/LanguageSwitch'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { signIn } from './session'

export function SignIn() {
  const t = useT()
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await signIn(username.trim(), password)
    } catch (cause) {
      setError(sayError(cause))
      setPassword('')
    } finally {
      setBusy(false)
    }
  }

  return (
    <main className="sg-center">
      <Paper className="sg-card" component="form" onSubmit={submit}>
        <img alt="" height={44} src="/icon.svg" width={44} />
        <Title order={1} size="h2">
          Siaga 112
        </Title>
        <p className="sg-dim">{t('signin.explain')}</p>
        <TextInput
          autoCapitalize="none"
          autoComplete="username"
          autoFocus
          data-testid="username"
          label={t('signin.username')}
          onChange={(event) => setUsername(event.currentTarget.value)}
          required
          size="md"
          value={username}
          withAsterisk={false}
        />
        <PasswordInput
          autoComplete="current-password"
          data-testid="password"
          label={t('signin.password')}
          onChange={(event) => setPassword(event.currentTarget.value)}
          required
          size="md"
          value={password}
          withAsterisk={false}
        />
        <div aria-live="assertive" className="sg-error" data-testid="sign-in-error">
          {error}
        </div>
        <Button data-testid="sign-in" fullWidth loading={busy} size="md" type="submit">
          {t('signin.submit')}
        </Button>
        <LanguageSwitch />
      </Paper>
    </main>
  )
}
