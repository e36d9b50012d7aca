import { useAgencies } from '../api/queries'
import type { DispatchView, Progress } from '../api/types'
import { Icon, type IconName } from '../app/Icon'
import { useT } from '../i18n/i18n'
import { useNow } from '../util/now'
import { elapsed } from '../util/time'

const ICONS: Record<Progress, IconName> = {
  pending: 'clock',
  sent: 'check',
  delivered: 'checks',
  read: 'eye',
  acknowledged: 'thumb',
  en_route: 'truck',
  arrived: 'flag',
  done: 'done',
}

const ANSWERED: Progress[] = ['acknowledged', 'en_route', 'arrived', 'done']

/** One team's dispatch, live: how far it is, since when, and by whom. */
export function DispatchRow({ dispatch, closed = false }: { dispatch: DispatchView; closed?: boolean }) {
  const t = useT()
  const now = useNow()
  const agencies = useAgencies().data ?? []
  const answered = ANSWERED.includes(dispatch.progress)
  const look = dispatch.dead
    ? 'dead'
    : dispatch.overdue && !answered && !closed
      ? 'overdue'
      : answered
        ? 'answered'
        : 'waiting'
  const phone = agencies.find(({ name }) => name === dispatch.agency_name)?.phone
  const call = phone ? t('progress.phone', { phone }) : t('progress.not_delivered')
  return (
    <li
      className={`sg-dispatch-row sg-dispatch-${look}`}
      data-dead={dispatch.dead}
      data-overdue={dispatch.overdue}
      data-progress={dispatch.progress}
      data-testid={`dispatch-${dispatch.id}`}
    >
      <Icon name={dispatch.dead ? 'cross' : ICONS[dispatch.progress]} size={18} />
      <strong className="sg-ellipsis">{dispatch.team_name}</strong>
      {look !== 'overdue' && (
        <span className="sg-nowrap">
          {dispatch.dead ? t('progress.dead') : t(`progress.${dispatch.progress}`)}
          {dispatch.by ? ` · ${dispatch.by}` : ''}
        </span>
      )}
      {look === 'overdue' && (
        <span className="sg-ellipsis">
          <Icon name="warning" /> {t('progress.overdue')} {call}
        </span>
      )}
      {dispatch.dead && !answered && (
        <span className="sg-ellipsis" title={dispatch.last_error ?? undefined}>
          {call}
        </span>
      )}
      {dispatch.last_error && look === 'waiting' && (
        <span className="sg-ellipsis sg-dim" title={dispatch.last_error}>
          {t('progress.trying_again')}
        </span>
      )}
      <span className="sg-grow" />
      {(look === 'waiting' || look === 'answered') && (
        <span className="sg-dim">{t(`channel.${dispatch.channel}`)}</span>
      )}
      <span className="sg-mono" title={t('dispatch.since')}>
        {elapsed(now - Date.parse(answered ? dispatch.updated_at : dispatch.created_at))}
      </span>
    </li>
  )
}
