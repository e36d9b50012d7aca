/** The camera or the footage that the operator looks at in large, chosen in the panel or on the map. */
import { Store } from '../util/store'

export interface Picked {
  kind: 'live' | 'footage'
  id: string
}

export const picked = new Store<Picked | null>(null)

/** Looks at this; looking at the same again puts it away. */
export const pick = (next: Picked | null) =>
  picked.update((now) => (next && now?.kind === next.kind && now.id === next.id ? null : next))
