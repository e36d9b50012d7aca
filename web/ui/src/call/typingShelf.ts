/**
 * Letters that are not sent yet in the browser's own storage, by person and call, so that a reload loses none. A full or forbidden storage must not stop
 * the typing: then they are in memory and on their way only.
 */
import type { Unsent } from './typist'

const PREFIX = 'siaga.typing.'
/** No call lasts longer. */
const KEPT_MS = 86_400_000

interface Shelved extends Unsent {
  /** When it was last written, in Unix milliseconds. */
  at: number
}

const keyOf = (user: string, call: string) => `${PREFIX}${user}.${call}`

export class TypingShelf {
  constructor(private readonly storage: Storage) {}

  keep(user: string, call: string, unsent: Unsent | null, now: number) {
    try {
      if (unsent) this.storage.setItem(keyOf(user, call), JSON.stringify({ ...unsent, at: now } satisfies Shelved))
      else this.storage.removeItem(keyOf(user, call))
    } catch {
      // See above.
    }
  }

  /** What is left of a call; all that is too old is removed. */
  read(user: string, call: string, now: number): Unsent | null {
    try {
      this.tidy(now)
      return parse(this.storage.getItem(keyOf(user, call)))
    } catch {
      return null
    }
  }

  private tidy(now: number) {
    const keys = Array.from({ length: this.storage.length }, (_, n) => this.storage.key(n) ?? '')
    for (const key of keys.filter((key) => key.startsWith(PREFIX))) {
      const stored = parse(this.storage.getItem(key))
      if (!stored || !(now - stored.at < KEPT_MS)) this.storage.removeItem(key)
    }
  }
}

function parse(text: string | null): Shelved | null {
  try {
    const value = JSON.parse(text ?? 'null') as Shelved | null
    const isWhole = typeof value?.box === 'string' && Array.isArray(value.ended) && Array.isArray(value.sent)
    return isWhole ? value : null
  } catch {
    return null
  }
}
