/** What may be dialled, and whom the dial dialog offers for what was typed. Pure. */
import type { AgencyView } from '../api/types'

/** The number in what was typed, as it is sent: digits, perhaps after a plus; `null` if it is none. */
export function dialable(text: string): string | null {
  const number = text.replace(/[\s().-]/g, '')
  return /^\+?\d{2,20}$/.test(number) ? number : null
}

export interface Contact {
  name: string
  number: string
}

const OFFERED = 8

/** Agencies whose name or telephone number contains the words; all of them while nothing is typed. */
export function contacts(agencies: AgencyView[], typed: string): Contact[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const digits = typed.replace(/\D/g, '')
  return agencies
    .flatMap(({ active, name, phone }) => {
      const number = active ? dialable(phone) : null
      return number ? [{ name, number }] : []
    })
    .filter(
      ({ name, number }) =>
        words.every((word) => name.toLowerCase().includes(word)) ||
        (dialable(typed) !== null && number.replace('+', '').includes(digits)),
    )
    .slice(0, OFFERED)
}

/** Whom Enter calls: the offer that is picked out, else the typed number, else the only agency that fits. */
export function chosenContact(offers: Contact[], active: number, typed: string): Contact | null {
  const picked = offers[active]
  if (picked) return picked
  const number = dialable(typed)
  if (number) return { name: offers.find((offer) => offer.number === number)?.name ?? '', number }
  return typed.trim() && offers.length === 1 ? (offers[0] ?? null) : null
}
