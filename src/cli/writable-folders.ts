import type { Setup } from '../runs/setup.ts'

/** Folders of ours, and others that are given, that lie where a hardened service may not write. */
export function writableFolders(setup: Setup, others: readonly string[] = []): readonly string[] {
  const folders = [setup.stateRoot, setup.defaultPlace, ...Object.values(setup.config?.vaults ?? {}).map(({ place }) => place), ...Object.values(setup.config?.apps ?? {}).map(({ root }) => root), ...others]
  return [...new Set(folders.filter((folder) => /^\/(?:usr|boot|efi|etc)\//.test(folder)))]
}
