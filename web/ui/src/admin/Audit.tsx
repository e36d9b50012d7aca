import { Button, Table } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { get } from '../api/client'
import type { AuditEntry } from '../api/types'
import { useT } from '../i18n/i18n'
import { dayAndClock } from '../util/time'

const PAGE = 100

/** Who looked at or took what, newest first. */
export function Audit() {
  const t = useT()
  const audit = useInfiniteQuery({
    queryKey: ['audit'],
    initialPageParam: 0,
    queryFn: ({ pageParam }) => get<AuditEntry[]>(`/audit?limit=${PAGE}${pageParam ? `&before=${pageParam}` : ''}`),
    getNextPageParam: (last) => (last.length === PAGE ? last[last.length - 1]?.seq : undefined),
  })
  return (
    <>
      <Table stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('admin.when')}</Table.Th>
            <Table.Th>{t('admin.who')}</Table.Th>
            <Table.Th>{t('admin.what')}</Table.Th>
            <Table.Th>{t('admin.subject')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {(audit.data?.pages.flat() ?? []).map((entry) => (
            <Table.Tr key={entry.seq}>
              <Table.Td className="sg-mono">{dayAndClock(entry.at)}</Table.Td>
              <Table.Td>{entry.user_name}</Table.Td>
              <Table.Td>{entry.action}</Table.Td>
              <Table.Td className="sg-mono">{entry.subject}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {audit.hasNextPage && (
        <Button onClick={() => void audit.fetchNextPage()} variant="default">
          {t('history.more')}
        </Button>
      )}
    </>
  )
}
