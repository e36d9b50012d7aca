import { Button } from '@mantine/core'
import { useT } from '../i18n/i18n'
import { atLeast, session } from '../session/session'
import { watch } from '../shift/watching'
import { useStore } from '../util/store'

/** A supervisor looks over the queue, the operators and the alarms without taking calls. */
export function Watching() {
  const t = useT()
  const now = useStore(session)
  if (now.phase !== 'in' || !atLeast(now.user, 'supervisor')) return null
  return (
    <Button data-testid="watch" onClick={watch} variant="default">
      {t('shift.watch')}
    </Button>
  )
}
