import { useToday } from '../api/queries'
import { useT } from '../i18n/i18n'

/** Today's counts in one line, each as the server defines it. */
export function Today() {
  const t = useT()
  const today = useToday()
  if (!today.data) return null
  const { calls, answered, abandoned, answered_in_target, target_s } = today.data
  return (
    <dl className="sg-today">
      <Count name={t('today.calls')} value={calls} />
      <Count name={t('today.answered')} value={answered} />
      <Count name={t('today.in_target', { seconds: target_s })} value={answered_in_target} />
      <Count name={t('today.abandoned')} value={abandoned} />
    </dl>
  )
}

function Count({ name, value }: { name: string; value: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
