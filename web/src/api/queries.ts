import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import type { SessionInfo } from '../../../src/model/api/access.ts'
import type { PointDetail } from '../../../src/model/api/browse.ts'
import type { AppCard, Overview, PointsPage } from '../../../src/model/api/overview.ts'
import type { RestoreState } from '../../../src/model/api/restore.ts'
import type { RunsPage, Ticket, TicketState } from '../../../src/model/api/runs.ts'
import { dropDrafts } from './drafts.ts'
import { queryClient } from './query-client.ts'
import { get, pathOf, post, request } from './request.ts'

export function useSession(): UseQueryResult<SessionInfo> {
  return useQuery({ queryKey: ['session'], queryFn: ({ signal }) => get<SessionInfo>('api/session', signal), refetchOnWindowFocus: true })
}

export function useOverview(): UseQueryResult<Overview> {
  // The states that time alone changes (overdue) come without an event, too.
  return useQuery({ queryKey: ['apps'], queryFn: ({ signal }) => get<Overview>('api/apps', signal), refetchInterval: 60_000, placeholderData: (before) => before })
}

/** One application of the overview; undefined while it loads and where there is none of this name. */
export function useApp(name: string): { readonly app: AppCard | undefined; readonly isPending: boolean; readonly error: Error | null } {
  const { data, isPending, error } = useOverview()
  return { app: data?.apps.find((app) => app.name === name), isPending, error }
}

export function usePoints(app: string) {
  return useInfiniteQuery({
    queryKey: ['points', app],
    queryFn: ({ pageParam, signal }) => get<PointsPage>(`${pathOf`api/apps/${app}/points`}?limit=100${pageParam === '' ? '' : `&cursor=${encodeURIComponent(pageParam)}`}`, signal),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  })
}

export function useRuns(app: string) {
  return useInfiniteQuery({
    queryKey: ['runs', app],
    queryFn: ({ pageParam, signal }) => get<RunsPage>(`${pathOf`api/apps/${app}/runs`}?limit=50${pageParam === '' ? '' : `&cursor=${encodeURIComponent(pageParam)}`}`, signal),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  })
}

export function usePointDetail(app: string, id: string): UseQueryResult<PointDetail> {
  return useQuery({ queryKey: ['point', app, id], queryFn: ({ signal }) => get<PointDetail>(pathOf`api/apps/${app}/points/${id}`, signal), staleTime: Infinity })
}

export function useRestoreState(app: string, enabled: boolean): UseQueryResult<RestoreState> {
  return useQuery({ queryKey: ['restore', app], queryFn: ({ signal }) => get<RestoreState>(pathOf`api/apps/${app}/restore`, signal), enabled })
}

/** What somebody asked for, until it has ended. */
export function useTicket(ticket: string | undefined): UseQueryResult<TicketState> {
  return useQuery({
    queryKey: ['ticket', ticket],
    queryFn: ({ signal }) => get<TicketState>(pathOf`api/tickets/${ticket ?? ''}`, signal),
    enabled: ticket !== undefined,
    // Events tell; this is for the moments in which there is no connection for them.
    refetchInterval: ({ state }) => state.data?.state === 'ended' || state.error !== null ? false : 4000,
  })
}

/** A request that starts work; what it gives is a ticket to follow. */
export function useWork<Input>(requestOf: (input: Input) => { readonly method?: 'POST' | 'DELETE'; readonly path: string; readonly body?: unknown }) {
  return useMutation({
    mutationFn: async (input: Input) => {
      const { method = 'POST', path, body = {} } = requestOf(input)
      return await request<Ticket>(method, path, { body })
    },
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: ['apps'] }),
  })
}

export async function signOut(): Promise<void> {
  await request('DELETE', 'api/session')
  dropDrafts()
  // Asked anew, and not only forgotten: who shows the page hears of it.
  await queryClient.invalidateQueries({ queryKey: ['session'] })
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
}

export async function stepUp(body: { readonly password: string; readonly totp?: string }): Promise<void> {
  queryClient.setQueryData(['session'], await post<SessionInfo>('api/step-up', body))
}
