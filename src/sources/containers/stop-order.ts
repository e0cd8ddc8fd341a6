import type { Container } from './container.ts'

/**
 * Containers in the order in which they are stopped: what depends on another one goes before it (`depends_on` of compose, a
 * shared network), the newest first where nothing else says. Starting is the reverse. Each group may stop at once.
 */
export function stopOrder<T extends Pick<Container, 'id' | 'name' | 'service' | 'project' | 'dependsOn' | 'networkOf' | 'createdAt'>>(containers: readonly T[]): readonly (readonly T[])[] {
  const left = new Set([...containers].sort((a, b) => b.createdAt.localeCompare(a.createdAt)))
  const groups: T[][] = []
  while (left.size > 0) {
    const needed = new Set([...left].flatMap((container) => dependencies(container, left)))
    const free = [...left].filter((container) => !needed.has(container))
    // In a circle nothing is free: then any one is as good.
    const group = free.length > 0 ? free : [...left].slice(0, 1)
    groups.push(group)
    for (const container of group) left.delete(container)
  }
  return groups
}

function dependencies<T extends Pick<Container, 'id' | 'name' | 'service' | 'project' | 'dependsOn' | 'networkOf'>>(container: T, all: ReadonlySet<T>): T[] {
  return [...all].filter((other) => other !== container && (
    (other.service !== undefined && other.project === container.project && container.dependsOn.includes(other.service))
    || (container.networkOf !== undefined && (other.id === container.networkOf || other.name === container.networkOf))
  ))
}
