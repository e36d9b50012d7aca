/**
 * Unsent words in the browser's own storage, by person and report. A full or forbidden storage must not stop the typing: then a draft is in memory
 * and on its way to the server only.
 */
import { type Draft, isDirty, restore, type StoredDraft, toStored } from './draft'

const PREFIX = 'siaga.draft.'
const DAYS_KEPT = 7
const DAY_MS = 86_400_000

interface Shelved extends StoredDraft {
  /** When it was last written, in Unix milliseconds. */
  at: number
}

const keyOf = (user: string, report: string) => `${PREFIX}${user}.${report}`

export class DraftShelf {
  constructor(private readonly storage: Storage) {}

  write(user: string, draft: Draft, now: number) {
    try {
      const shelved: Shelved = { ...toStored(draft), at: now }
      this.storage.setItem(keyOf(user, draft.report), JSON.stringify(shelved))
    } catch {
      // See above.
    }
  }

  remove(user: string, report: string) {
    try {
      this.storage.removeItem(keyOf(user, report))
    } catch {
      // See above.
    }
  }

  read(user: string, report: string): StoredDraft | null {
    return this.parse(keyOf(user, report))
  }

  of(user: string): { report: string; call: string }[] {
    const mine = keyOf(user, '')
    return this.keys(mine).flatMap((key) => {
      const stored = this.parse(key)
      return stored ? [{ report: key.slice(mine.length), call: stored.call }] : []
    })
  }

  /** Removes what nobody needs: unreadable entries, and old ones that hold no unsent word. */
  tidy(now: number) {
    for (const key of this.keys(PREFIX)) {
      const stored = this.parse(key)
      const old = stored && !(now - stored.at < DAYS_KEPT * DAY_MS)
      if (!stored || (old && !isDirty(restore('', '', null, stored)))) this.storage.removeItem(key)
    }
  }

  private keys(prefix: string): string[] {
    try {
      return Array.from({ length: this.storage.length }, (_, n) => this.storage.key(n) ?? '').filter((key) =>
        key.startsWith(prefix),
      )
    } catch {
      return []
    }
  }

  private parse(key: string): Shelved | null {
    try {
      const value = JSON.parse(this.storage.getItem(key) ?? 'null') as Shelved | null
      return value?.call && value.fields && value.base ? value : null
    } catch {
      return null
    }
  }
}
