/** What an error means to the person at the console. */
import { ApiError } from '../api/client'
import { hasText, t } from './i18n'

export function sayError(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 0) return t('error.unreachable')
    const key = `error.${error.code}`
    if (hasText(key)) return t(key)
    if (error.status === 403) return t('error.forbidden')
    if (error.status >= 500) return t('error.server')
    return error.message
  }
  if (error instanceof DOMException) return sayMicrophone(error.name)
  return t('error.media')
}

export function sayMicrophone(name: string): string {
  if (name === 'NotAllowedError') return t('error.microphone_denied')
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return t('error.microphone_missing')
  if (name === 'NotReadableError') return t('error.microphone_busy')
  return t('error.microphone_insecure')
}
