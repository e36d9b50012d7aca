/** What an error means to the person at the console. */
import { ApiError } from '../api/client'
import { hasText, t } from './i18n'

export function sayError(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 0) return t('error.unreachable')
    if (error.code === 'invalid') return sayInvalid(error)
    const key = `error.${error.code}`
    if (hasText(key)) return t(key)
    if (error.status === 403) return t('error.forbidden')
    if (error.status >= 500) return t('error.server')
    return error.message
  }
  if (error instanceof DOMException) return sayMicrophone(error.name)
  return t('error.media')
}

/** The server names the field; its sentence is English. */
function sayInvalid({ body, message }: ApiError): string {
  const field = (body as { error?: { field?: unknown } } | null)?.error?.field
  const key = `error.invalid.${field}`
  return hasText(key) ? t(key) : t('error.invalid', { why: message })
}

export function sayMicrophone(name: string): string {
  if (name === 'NotAllowedError') return t('error.microphone_denied')
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return t('error.microphone_missing')
  if (name === 'NotReadableError') return t('error.microphone_busy')
  return t('error.microphone_insecure')
}
