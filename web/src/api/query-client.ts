import { QueryClient } from '@tanstack/react-query'
import { ProblemError } from './request.ts'

/** What the page knows of the server. Nothing is fetched again by itself: events tell what has changed. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      // A refusal stays one; only a server that was not reached is asked again.
      retry: (count, error) => count < 2 && error instanceof ProblemError && (error.status === 0 || error.status >= 502),
    },
    mutations: { retry: false },
  },
})
