/** Letters that are not sent yet in the browser's own storage, by person and call, so that a reload loses none. */
import { Shelf } from '../util/shelf'
import type { Unsent } from './typist'

const PREFIX = 'siaga.typing.'
/** No call lasts longer. */
const KEPT_MS = 86_400_000

const keyOf = (user: string, call: string) => `${user}.${call}`

export class TypingShelf {
  private readonly shelf: Shelf<Unsent>

  constructor(storage: Storage) {
    this.shelf = new Shelf(
      storage,
      PREFIX,
      ({ box, ended, sent }) => typeof box === 'string' && Array.isArray(ended) && Array.isArray(sent),
    )
  }

  keep(user: string, call: string, unsent: Unsent | null, now: number) {
    if (unsent) this.shelf.write(keyOf(user, call), unsent, now)
    else this.shelf.remove(keyOf(user, call))
  }

  /** What is left of a call; all that is too old is removed. */
  read(user: string, call: string, now: number): Unsent | null {
    this.shelf.tidy(now, (_, age) => age < KEPT_MS)
    return this.shelf.read(keyOf(user, call))
  }
}
