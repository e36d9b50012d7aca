/** Numbers that wait behind others for a while because they called for fun; nobody is refused, and a supervisor clears them. */
import { Button, Table } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { del } from '../api/client'
import { useReputations } from '../api/queries'
import type { ReputationView } from '../api/types'
import { Icon } from '../app/Icon'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { dayAndClock } from '../util/time'

export function Reputations() {
  const t = useT()
  const cache = useQueryClient()
  const rows = useReputations().data ?? []
  const [error, setError] = useState<string | null>(null)
  const clear = ({ id }: ReputationView) => {
    setError(null)
    void del(`/reputations/${id}`)
      .catch((cause: unknown) => setError(sayError(cause)))
      .finally(() => void cache.invalidateQueries({ queryKey: ['reputations'] }))
  }
  if (rows.length === 0) return <p className="sg-dim">{t('reputation.none')}</p>
  return (
    <>
      <p className="sg-dim">{t('reputation.explain')}</p>
      {error && (
        <p className="sg-error" role="alert">
          {error}
        </p>
      )}
      <Table data-testid="reputations" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('form.number')}</Table.Th>
            <Table.Th>{t('reputation.place')}</Table.Th>
            <Table.Th>{t('reputation.marks')}</Table.Th>
            <Table.Th>{t('reputation.until')}</Table.Th>
            <Table.Th>
              <span className="sg-visually-hidden">{t('reputation.clear')}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.id}>
              <Table.Td className="sg-mono">{row.number}</Table.Td>
              <Table.Td>
                {row.priority === 'low' ? (
                  <span className="sg-warn">
                    <Icon name="down" size={14} /> {t('priority.short.low')}
                  </span>
                ) : (
                  <span className="sg-dim">{t('priority.short.normal')}</span>
                )}
              </Table.Td>
              <Table.Td title={dayAndClock(row.last_marked_at)}>{row.marks}</Table.Td>
              <Table.Td className="sg-mono">{dayAndClock(row.expires_at)}</Table.Td>
              <Table.Td>
                <Button
                  aria-label={t('reputation.clear_label', { number: row.number })}
                  data-testid={`clear-${row.id}`}
                  onClick={() => clear(row)}
                  size="compact-sm"
                  variant="default"
                >
                  {t('reputation.clear')}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  )
}
