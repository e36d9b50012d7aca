import { Button, Table, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { get } from '../api/client'
import type { CallView } from '../api/types'
import { Icon } from '../app/Icon'
import { Page } from '../app/Page'
import { endedKey } from '../call/ended'
import { useT } from '../i18n/i18n'
import { dayAndClock, elapsed } from '../util/time'
import { Today } from './Today'

const PAGE = 50

/** All calls, newest first, searched by number. */
export function CallList() {
  const t = useT()
  const [, go] = useLocation()
  const [number, setNumber] = useState('')
  const wanted = number.replace(/[^\d+]/g, '')
  const calls = useInfiniteQuery({
    queryKey: ['calls', 'list', wanted],
    initialPageParam: '',
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({
        limit: String(PAGE),
        ...(wanted && { number: wanted }),
        ...(pageParam && { before: pageParam }),
      })
      return get<CallView[]>(`/calls?${query}`)
    },
    getNextPageParam: (last) => (last.length === PAGE ? last[last.length - 1]?.arrived_at : undefined),
    staleTime: 5_000,
  })
  const rows = calls.data?.pages.flat() ?? []
  return (
    <Page title={t('page.calls')}>
      <div className="sg-row sg-end">
        <TextInput
          data-testid="search-number"
          label={t('history.search')}
          onChange={(event) => setNumber(event.currentTarget.value)}
          placeholder="0812…"
          value={number}
        />
        <span className="sg-grow" />
        <Today />
      </div>
      <Table highlightOnHover stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('history.arrived')}</Table.Th>
            <Table.Th>{t('form.number')}</Table.Th>
            <Table.Th>{t('history.state')}</Table.Th>
            <Table.Th>{t('history.waited')}</Table.Th>
            <Table.Th>{t('history.talked')}</Table.Th>
            <Table.Th>{t('role.operator')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((call) => (
            <Table.Tr
              className="sg-click"
              data-testid={`history-${call.id}`}
              key={call.id}
              onClick={() => go(`/calls/${call.id}`)}
            >
              <Table.Td>
                <a className="sg-mono" href={`/calls/${call.id}`} onClick={(event) => event.preventDefault()}>
                  {dayAndClock(call.arrived_at)}
                </a>
              </Table.Td>
              <Table.Td className="sg-mono">{call.number ?? t('call.no_number')}</Table.Td>
              <Table.Td>
                {call.direction === 'outbound' && (
                  <span title={t('direction.outbound')}>
                    <Icon name="arrowOut" size={14} />
                    <span className="sg-visually-hidden">{t('direction.outbound')}</span>{' '}
                  </span>
                )}
                {call.ended_by && !call.answered_at
                  ? t(endedKey(call.ended_by, call.direction))
                  : t(`call.state.${call.state}`)}
              </Table.Td>
              <Table.Td className="sg-mono">{span(call.arrived_at, call.answered_at ?? call.ended_at)}</Table.Td>
              <Table.Td className="sg-mono">{call.answered_at ? span(call.answered_at, call.ended_at) : '—'}</Table.Td>
              <Table.Td>{call.operator_name ?? '—'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {rows.length === 0 && !calls.isPending && <p className="sg-dim">{t('history.none')}</p>}
      {calls.hasNextPage && (
        <Button loading={calls.isFetchingNextPage} onClick={() => void calls.fetchNextPage()} variant="default">
          {t('history.more')}
        </Button>
      )}
    </Page>
  )
}

const span = (from: string, to: string | null | undefined) => (to ? elapsed(Date.parse(to) - Date.parse(from)) : '…')
