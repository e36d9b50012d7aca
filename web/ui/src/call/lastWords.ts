/** What an operator typed last goes out before the operator leaves the call: afterwards the server takes no letters of it any more. */
import type { Typist } from './typist'

/** Nobody waits longer for a hang-up: a server that takes letters takes them in less. */
const WAIT_MS = 1000

/** Who types in this page, by call. */
export const typists = new Map<string, Typist>()

/** Does it once the server has what was typed in the call; at once where nothing is left to be sent. */
export function afterLastWords<T>(call: string, leave: () => Promise<T>): Promise<T> {
  const typist = typists.get(call)
  if (!typist || typist.isSent) return leave()
  const patience = new Promise<void>((over) => setTimeout(over, WAIT_MS))
  return Promise.race([typist.flush(), patience]).then(leave, leave)
}
