/** The typed side of calls for this page: what is read from the server, and what this operator types. */
import { get, post } from '../api/client'
import type { CallView, TextView } from '../api/types'
import { live, watchLive } from '../live/live'
import { learned } from '../live/texts'
import { me } from '../session/session'
import { Store } from '../util/store'
import { typists } from './lastWords'
import { TypingShelf } from './typingShelf'
import { type Outbox, Typist } from './typist'

/** By call. What was typed and not sent outlives the panel, and on its shelf the page. */
export const outboxes = new Store<Record<string, Outbox>>({})
const shelf = new TypingShelf(window.localStorage)

export function typistOf(call: string): Typist {
  const known = typists.get(call)
  if (known) return known
  const user = me()?.id ?? ''
  const typist = new Typist(
    // It goes on its way even if the page goes away.
    (id, text) => post(`/calls/${call}/text`, { id, text }, { keepalive: true, timeout: 5000 }),
    (outbox) => outboxes.update((now) => ({ ...now, [call]: outbox })),
    undefined,
    (unsent) => shelf.keep(user, call, unsent, Date.now()),
    shelf.read(user, call, Date.now()),
  )
  typists.set(call, typist)
  return typist
}

/** Reads what was typed so far; what cannot be read now comes with the next snapshot. */
export async function readText(call: string): Promise<void> {
  const text = await get<TextView>(`/calls/${call}/text`).catch(() => null)
  if (text) live.update((now) => ({ ...now, texts: { ...now.texts, [call]: learned(now.texts[call], text) } }))
}

/** Keeps a call's text whole while it is looked at: after a gap in the live events it is read again. */
export function followText(call: string): () => void {
  void readText(call)
  return watchLive((event) => {
    if (event.event === 'snapshot') void readText(call)
  })
}

/** Whether the panel belongs to the call: somebody types in it, or did. */
export const hasText = (call: CallView | null | undefined): call is CallView =>
  call != null && call.text != null && call.state !== 'ringing' && call.state !== 'waiting'

window.addEventListener('pagehide', () => {
  for (const typist of typists.values()) void typist.flush()
})
