import { SegmentedControl, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { get } from '../api/client'
import { useTypes } from '../api/queries'
import type { IncidentView } from '../api/types'
import { Page } from '../app/Page'
import { useT } from '../i18n/i18n'
import { live } from '../live/live'
import { useStore } from '../util/store'
import { dayAndClock } from '../util/time'

export function IncidentList() {
  const t = useT()
  const [, go] = useLocation()
  const [which, setWhich] = useState('open')
  const types = useTypes().data ?? []
  const { incidents: fresh } = useStore(live)
  const list = useQuery({
    queryKey: ['incidents', which],
    queryFn: () => get<IncidentView[]>(`/incidents?limit=100${which === 'open' ? '&state=open' : ''}`),
    refetchInterval: 15_000,
    staleTime: 2_000,
  })
  const rows = (list.data ?? []).map((incident) => fresh[incident.id] ?? incident)
  return (
    <Page title={t('page.incidents')}>
      <SegmentedControl
        data={[
          { value: 'open', label: t('incident.open') },
          { value: 'all', label: t('incident.all') },
        ]}
        onChange={setWhich}
        value={which}
      />
      <Table highlightOnHover stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('incident.number')}</Table.Th>
            <Table.Th>{t('incident.opened')}</Table.Th>
            <Table.Th>{t('form.type')}</Table.Th>
            <Table.Th>{t('form.place')}</Table.Th>
            <Table.Th>{t('dispatch.teams')}</Table.Th>
            <Table.Th>{t('history.state')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((incident) => (
            <Table.Tr
              className="sg-click"
              data-testid={`incident-${incident.id}`}
              key={incident.id}
              onClick={() => go(`/incidents/${incident.id}`)}
            >
              <Table.Td>
                <a className="sg-mono" href={`/incidents/${incident.id}`} onClick={(event) => event.preventDefault()}>
                  {incident.number}
                </a>
              </Table.Td>
              <Table.Td className="sg-mono">{dayAndClock(incident.opened_at)}</Table.Td>
              <Table.Td>{types.find(({ id }) => id === incident.incident_type)?.name ?? '—'}</Table.Td>
              <Table.Td>{incident.place || '—'}</Table.Td>
              <Table.Td>
                {incident.dispatches.map((one) => `${one.team_name}: ${t(`progress.${one.progress}`)}`).join(', ') ||
                  '—'}
              </Table.Td>
              <Table.Td>{t(`incident.${incident.state}`)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {rows.length === 0 && !list.isPending && <p className="sg-dim">{t('incident.none')}</p>}
    </Page>
  )
}
