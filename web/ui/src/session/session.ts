/** Who is signed in, as one store for everything that runs outside of React too. */
import { ApiError, del, get, post } from '../api/client'
import type { Role, SessionView, UserView } from '../api/types'
import { Store } from '../util/store'
import { setZone } from '../util/time'

export type Session = { phase: 'loading' } | { phase: 'out' } | ({ phase: 'in' } & SessionView)

export const session = new Store<Session>({ phase: 'loading' })

const RANK: Record<Role, number> = { operator: 0, supervisor: 1, manager: 2, head: 3 }
export const atLeast = (user: UserView, role: Role) => RANK[user.role] >= RANK[role]

/** Reads the session again. Without an answer the console stays as it is: a lost network must not sign anybody out. */
export async function refreshSession(): Promise<void> {
  try {
    enter(await get<SessionView>('/session'))
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) session.set({ phase: 'out' })
    else if (session.get().phase === 'loading') setTimeout(() => void refreshSession(), 1500)
  }
}

export async function signIn(username: string, password: string): Promise<void> {
  await post('/session', { username, password })
  enter(await get<SessionView>('/session'))
}

export async function signOut(): Promise<void> {
  await del('/session').catch(() => undefined)
  session.set({ phase: 'out' })
}

function enter(view: SessionView) {
  setZone(view.city.zone)
  session.set({ phase: 'in', ...view })
}

export const me = (): UserView | null => {
  const now = session.get()
  return now.phase === 'in' ? now.user : null
}
