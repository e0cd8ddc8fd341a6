import { Group, Text, Title } from '@mantine/core'
import { useEffect } from 'react'
import type { ReactElement, ReactNode } from 'react'

/** The heading of a page; the window is named by it. */
export function PageTitle({ title, name, below, actions }: { readonly title: ReactNode; readonly name: string; readonly below?: ReactNode; readonly actions?: ReactNode }): ReactElement {
  useEffect(() => {
    document.title = `${name} · Holdfast`
  }, [name])
  return (
    <Group justify="space-between" align="flex-start" mb="lg" gap="sm">
      <div style={{ minWidth: 0, flex: '1 1 16rem' }}>
        <Title order={1} id="page-title" tabIndex={-1}>{title}</Title>
        {below === undefined ? null : <Text component="div" className="quiet" size="sm" mt={4}>{below}</Text>}
      </div>
      {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
    </Group>
  )
}
