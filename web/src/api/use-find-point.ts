import { useEffect } from 'react'
import type { Point } from '../../../src/model/api/overview.ts'
import { usePoints } from './queries.ts'

/** One restore point of an application's list, looked for in further pages until it is found. */
export function useFindPoint(app: string, id: string): { readonly point: Point | undefined; readonly isPending: boolean } {
  const { data, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = usePoints(app)
  const point = data?.pages.flatMap(({ points }) => points).find((found) => found.id === id)
  const goesOn = point === undefined && id !== '' && hasNextPage
  useEffect(() => {
    if (goesOn && !isFetchingNextPage) void fetchNextPage()
  }, [goesOn, isFetchingNextPage, fetchNextPage])
  return { point, isPending: isPending || goesOn }
}
