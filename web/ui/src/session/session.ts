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

const duties = new Set<() => Promise<void>>()

/** What must be done while the session still holds, as saving what was typed. */
export function beforeSignOut(duty: () => Promise<void>) {
  duties.add(duty)
}

/** Ends the session on the server. Fails, and leaves the person signed in, if the server did not do so or could not be reached. */
export async function signOut(): Promise<void> {
  for (const duty of duties) {
    await duty().catch((error: unknown) => {
      // What the server refuses for good stays in this browser for its writer; a lost network is no time to go.
      if (!(error instanceof ApiError) || error.retryable) throw error
    })
  }
  try {
    await del('/session')
  } catch (error) {
    const over = error instanceof ApiError && error.status === 401
    if (!over) throw error
  }
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
