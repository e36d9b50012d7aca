import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { get } from '../api/client'
import type { CallView } from '../api/types'
import { useT } from '../i18n/i18n'
import { session } from '../session/session'
import { useStore } from '../util/store'
import { clock } from '../util/time'

/** What the middle of the console shows between calls: nothing to do, and the last own calls at hand. */
export function EmptyForm() {
  const t = useT()
  const now = useStore(session)
  const user = now.phase === 'in' ? now.user.id : ''
  const recent = useQuery({
    queryKey: ['calls', 'recent'],
    queryFn: () => get<CallView[]>('/calls?limit=30'),
    staleTime: 5_000,
  })
  const mine = (recent.data ?? []).filter((call) => call.operator === user).slice(0, 8)
  return (
    <section aria-label={t('form.title')} className="sg-panel sg-empty">
      <p className="sg-big">{t('form.none')}</p>
      <p className="sg-dim">
        {t('form.none_explain')} {t('form.help_hint')}
      </p>
      {mine.length > 0 && <h2>{t('form.recent')}</h2>}
      <ul className="sg-list">
        {mine.map((call) => (
          <li key={call.id}>
            <Link className="sg-list-row" href={`/calls/${call.id}`}>
              <span className="sg-mono">{clock(call.arrived_at)}</span>
              <span className="sg-mono">{call.number ?? t('call.no_number')}</span>
              <span className="sg-dim">{t(`call.state.${call.state}`)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
