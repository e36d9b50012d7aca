import { ApiError } from '../api/client'

export type Action = 'answer' | 'decline' | 'hangup' | 'hold' | 'resume'

/** What was wanted came about by itself: the caller hung up first, or the call that should go elsewhere is there already. */
export function alreadyDone(error: unknown, action?: Action): boolean {
  if (!(error instanceof ApiError)) return false
  const gone = ['no_such_call', 'no_such_party'].includes(error.code) || error.status === 404
  if (action === 'hangup') return gone
  return action === 'decline' && (gone || error.code === 'taken_by_another')
}
