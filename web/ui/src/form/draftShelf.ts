/** Unsent words in the browser's own storage, by person and report. */
import { Shelf } from '../util/shelf'
import { type Draft, isDirty, restore, type StoredDraft, toStored } from './draft'

const PREFIX = 'siaga.draft.'
const DAYS_KEPT = 7
const DAY_MS = 86_400_000

const keyOf = (user: string, report: string) => `${user}.${report}`

export class DraftShelf {
  private readonly shelf: Shelf<StoredDraft>

  constructor(storage: Storage) {
    this.shelf = new Shelf(storage, PREFIX, ({ call, fields, base }) => Boolean(call && fields && base))
  }

  write(user: string, draft: Draft, now: number) {
    this.shelf.write(keyOf(user, draft.report), toStored(draft), now)
  }

  remove(user: string, report: string) {
    this.shelf.remove(keyOf(user, report))
  }

  read(user: string, report: string): StoredDraft | null {
    return this.shelf.read(keyOf(user, report))
  }

  of(user: string): { report: string; call: string }[] {
    const mine = keyOf(user, '')
    return this.shelf.keys(mine).flatMap((key) => {
      const stored = this.shelf.read(key)
      return stored ? [{ report: key.slice(mine.length), call: stored.call }] : []
    })
  }

  /** Removes what nobody needs: unreadable entries, and old ones that hold no unsent word. */
  tidy(now: number) {
    this.shelf.tidy(now, (stored, age) => age < DAYS_KEPT * DAY_MS || isDirty(restore('', '', null, stored)))
  }
}
