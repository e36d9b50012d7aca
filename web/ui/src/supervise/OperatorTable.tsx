import { Table } from '@mantine/core'
import type { CallView, OperatorView } from '../api/types'
import { Icon } from '../app/Icon'
import { sayLanguages } from '../call/language'
import { Countdown } from '../call/Pause'
import { language, useT } from '../i18n/i18n'
import { OPERATOR_ICONS } from '../queue/QueuePanel'
import { sayPause } from '../shift/pause'
import { isLost } from '../shift/phone'
import { useNow } from '../util/now'
import { useStore } from '../util/store'
import { elapsed } from '../util/time'

const LOOKS = {
  preparing: 'sg-dim',
  ready: 'sg-ok',
  ringing: 'sg-warn',
  busy: '',
  paused: 'sg-dim',
  wrap_up: 'sg-warn',
} as const

/** Who is on shift: doing what, since when, with which call, and what for. */
export function OperatorTable({ operators, calls }: { operators: OperatorView[]; calls: Record<string, CallView> }) {
  const t = useT()
  const now = useNow()
  const inLanguage = useStore(language)
  if (operators.length === 0) return <p className="sg-warn">{t('queue.no_operators')}</p>
  return (
    <Table data-testid="wall-operators" verticalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('admin.name')}</Table.Th>
          <Table.Th>{t('history.state')}</Table.Th>
          <Table.Th>{t('wall.since')}</Table.Th>
          <Table.Th>{t('history.call')}</Table.Th>
          <Table.Th>{t('admin.skills')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {operators.map((operator) => {
          const { state } = operator
          const lost = isLost(operator)
          const call = operator.call ? calls[operator.call] : undefined
          return (
            <Table.Tr data-operator-state={state.state} key={operator.id}>
              <Table.Td>{operator.name}</Table.Td>
              <Table.Td>
                <span className={LOOKS[state.state]}>
                  <Icon name={OPERATOR_ICONS[state.state]} size={14} /> {t(`operator.${state.state}`)}
                  {state.state === 'paused' && state.reason ? ` · ${sayPause(state.reason)}` : ''}
                  {state.state === 'wrap_up' && <Countdown state={state} />}
                </span>
                {operator.phone && (
                  <div className={lost ? 'sg-bad' : 'sg-dim'} data-testid="works-by-phone">
                    <Icon name="phone" size={14} /> {t(lost ? 'phone.away' : 'phone.by', { name: operator.phone })}
                  </div>
                )}
                {lost && !operator.phone && (
                  <div className="sg-bad">
                    <Icon name="offline" size={14} />{' '}
                    {t(operator.browser_connected ? 'operator.no_headset' : 'operator.no_browser')}
                  </div>
                )}
              </Table.Td>
              <Table.Td className="sg-mono">{elapsed(now - Date.parse(operator.since))}</Table.Td>
              <Table.Td className="sg-mono">{call ? (call.number ?? t('call.no_number')) : '—'}</Table.Td>
              <Table.Td>
                {[...operator.skills, sayLanguages(operator.languages, inLanguage)].filter(Boolean).join(', ') || '—'}
              </Table.Td>
            </Table.Tr>
          )
        })}
      </Table.Tbody>
    </Table>
  )
}
