/** The address of a worker module beside the caller: `.ts` when run from source, `.js` when built. */
export function workerUrl(name: string, importMetaUrl: string): URL {
  return new URL(`./${name}${importMetaUrl.endsWith('.ts') ? '.ts' : '.js'}`, importMetaUrl)
}
