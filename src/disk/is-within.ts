/** Whether a path is the folder or lies below it; both absolute and as they are compared, links and all. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}
