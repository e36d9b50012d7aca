/** Lists that change seldom, read once and shared. */
import { QueryClient, useQuery } from '@tanstack/react-query'
import { get } from './client'
import type { AgencyView, CameraView, IncidentTypeView, Position, TeamView } from './types'

export const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 60_000, retry: 2, refetchOnWindowFocus: false } },
})

export const useTypes = () =>
  useQuery({
    queryKey: ['types'],
    queryFn: () => get<IncidentTypeView[]>('/types'),
    select: (types) => [...types].sort((a, b) => a.rank - b.rank),
  })

export const useTeams = () => useQuery({ queryKey: ['teams'], queryFn: () => get<TeamView[]>('/teams') })
export const useAgencies = () => useQuery({ queryKey: ['agencies'], queryFn: () => get<AgencyView[]>('/agencies') })
export const useCameras = () => useQuery({ queryKey: ['cameras'], queryFn: () => get<CameraView[]>('/cameras') })

export function useNearest(position: Position | null) {
  const key = position && [position.latitude.toFixed(5), position.longitude.toFixed(5)]
  return useQuery({
    queryKey: ['cameras', 'nearest', key],
    enabled: position !== null,
    placeholderData: (before) => before,
    queryFn: () =>
      get<CameraView[]>(`/cameras/nearest?latitude=${position?.latitude ?? 0}&longitude=${position?.longitude ?? 0}`),
  })
}
