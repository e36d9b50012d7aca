/** Lists that change seldom, read once and shared. */
import { QueryClient, useQuery } from '@tanstack/react-query'
import { ApiError, get } from './client'
import type {
  AgencyView,
  CallbackView,
  CameraView,
  IncidentTypeView,
  Position,
  ReputationView,
  Statistics,
  TeamView,
} from './types'

/** What the server has refused it will refuse again: only what may succeed later is asked for again. */
export const again = (failures: number, error: unknown) =>
  failures < 2 && (!(error instanceof ApiError) || error.retryable)

export const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 60_000, retry: again, refetchOnWindowFocus: false } },
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

/** Callers who gave up before an answer, oldest first. */
export const useCallbacks = () =>
  useQuery({
    queryKey: ['callbacks'],
    queryFn: () => get<CallbackView[]>('/callbacks'),
    select: (all) => [...all].sort((a, b) => a.abandoned_at.localeCompare(b.abandoned_at)),
  })

export const useReputations = () =>
  useQuery({ queryKey: ['reputations'], queryFn: () => get<ReputationView[]>('/reputations') })

/**
 * Today's counts; the server says when they changed, and a clock asks in case that was not heard: often while `someoneWaits`, for a call
 * becomes a late one by nothing but time.
 */
export const useToday = (someoneWaits = false) =>
  useQuery({
    queryKey: ['statistics'],
    queryFn: () => get<Statistics>('/statistics/today'),
    refetchInterval: someoneWaits ? 2_000 : 30_000,
  })

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
