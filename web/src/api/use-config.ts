import { useMutation, useQuery } from '@tanstack/react-query'
import { parse } from 'yaml'
import type { ConfigText } from '../../../src/model/api/settings.ts'
import type { ConfigChange, Json, JsonObject } from '../format/json-value.ts'
import { isObject } from '../format/json-value.ts'
import type { JsonSchema } from '../format/schema-field.ts'
import { queryClient } from './query-client.ts'
import { get, request } from './request.ts'
import { useFieldTexts } from './use-field-texts.ts'

export function useConfig() {
  return useQuery({ queryKey: ['config'], queryFn: ({ signal }) => get<ConfigText>('api/config', signal) })
}

/** The schema of holdfast.yaml, from the server that reads it. */
export function useConfigSchema() {
  // Fetched along, so that no form opens in English first.
  useFieldTexts()
  return useQuery({ queryKey: ['config-schema'], queryFn: ({ signal }) => get<JsonSchema>('api/config/schema', signal), staleTime: Infinity })
}

/** Writes changes of values; the file's comments stay. The etag says on which text they were made. */
export function usePatchConfig() {
  return useMutation({
    mutationFn: async ({ etag, changes }: { readonly etag: string; readonly changes: readonly ConfigChange[] }) => await request<ConfigText>('PATCH', 'api/config', { body: { etag, changes } }),
    onSuccess: took,
  })
}

export function usePutConfig() {
  return useMutation({
    mutationFn: async ({ etag, text }: { readonly etag: string; readonly text: string }) => await request<ConfigText>('PUT', 'api/config', { body: { etag, text } }),
    onSuccess: took,
  })
}

function took(text: ConfigText): void {
  queryClient.setQueryData(['config'], text)
  void queryClient.invalidateQueries({ queryKey: ['apps'] })
}

/** The document's values; an empty object where its text cannot be read. */
export function valuesOf(text: string): JsonObject {
  try {
    const value = parse(text) as Json
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}
