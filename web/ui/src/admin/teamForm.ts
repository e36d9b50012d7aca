/** A team as the form has it, and what of the form is saved when the team changed meanwhile. Pure. */
import { ApiError } from '../api/client'
import type { SaveTeam, TeamView } from '../api/types'
import { positionOf } from './position'

export interface TeamForm {
  agency: string
  name: string
  telegram_chat: string
  whatsapp_number: string
  latitude: number | string
  longitude: number | string
  active: boolean
}

export const formOf = (row: TeamView | null, agency = ''): TeamForm => ({
  agency: row?.agency ?? agency,
  name: row?.name ?? '',
  telegram_chat: row?.telegram_chat?.toString() ?? '',
  whatsapp_number: row?.whatsapp_number ?? '',
  latitude: row?.position?.latitude ?? '',
  longitude: row?.position?.longitude ?? '',
  active: row?.active ?? true,
})

/** The form on top of the team as it is now: what nobody touched in the form follows the team, as a chat that was linked meanwhile. */
export function onTopOf(form: TeamForm, start: TeamForm, now: TeamForm): TeamForm {
  const untouched = (Object.keys(form) as (keyof TeamForm)[]).filter((name) => form[name] === start[name])
  return { ...form, ...Object.fromEntries(untouched.map((name) => [name, now[name]])) }
}

export function bodyOf({ latitude, longitude, telegram_chat, whatsapp_number, ...form }: TeamForm): SaveTeam {
  return {
    ...form,
    telegram_chat: chatOf(telegram_chat),
    whatsapp_number: whatsapp_number.replace(/\D/g, '') || null,
    position: positionOf(latitude, longitude),
  }
}

/** Fails as the server would: a number that JavaScript cannot hold would be another chat. */
function chatOf(text: string): number | null {
  const digits = text.trim()
  if (!digits) return null
  const chat = Number(digits)
  if (!/^-?\d+$/.test(digits) || !Number.isSafeInteger(chat))
    throw new ApiError(422, 'invalid', 'not a chat', { error: { field: 'telegram_chat' } })
  return chat
}
