// A team's form that stayed open while the team changed.
import { describe, expect, it } from 'vitest'
import { bodyOf, formOf, onTopOf } from '../src/admin/teamForm'
import type { TeamView } from '../src/api/types'
import { sayError } from '../src/i18n/errors'
import id from '../src/i18n/id.json'

const team: TeamView = {
  id: 'd1',
  agency: 'a1',
  agency_name: 'Damkar',
  name: 'Damkar 1',
  telegram_chat: null,
  whatsapp_number: null,
  position: { latitude: 1.1, longitude: 104.05 },
  active: true,
}

describe('a team’s form', () => {
  it('keeps a chat that was linked after it was opened', () => {
    const start = formOf(team)
    const linked = formOf({ ...team, telegram_chat: -1001234567890 })
    const saved = onTopOf({ ...start, name: 'Damkar Satu' }, start, linked)
    expect(bodyOf(saved)).toMatchObject({ name: 'Damkar Satu', telegram_chat: -1001234567890, active: true })
  })

  it('says what the manager typed over what was there, also an empty chat', () => {
    const start = formOf({ ...team, telegram_chat: 77 })
    const now = formOf({ ...team, telegram_chat: 88, active: false })
    expect(bodyOf(onTopOf({ ...start, telegram_chat: '' }, start, now))).toMatchObject({
      telegram_chat: null,
      active: false,
    })
  })

  it.each([
    '99999999999999999999',
    '12.5',
    '1e5',
    'grup damkar',
    '0x10',
  ])('refuses %s as a chat with words for it, instead of saving none', (telegram_chat) => {
    const save = () => bodyOf({ ...formOf(team), telegram_chat })
    expect(save).toThrow(expect.objectContaining({ status: 422 }))
    try {
      save()
    } catch (error) {
      expect(sayError(error)).toBe(id['error.invalid.telegram_chat'])
    }
  })
})
