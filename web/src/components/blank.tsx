import { Stack, Text, ThemeIcon, Title } from '@mantine/core'
import { useEffect } from 'react'
import type { ReactElement, ReactNode } from 'react'

type Props = {
  readonly icon: ReactNode
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
  /** It is all that the page has: its heading is the page's, and the window is named by it. */
  readonly isPage?: boolean
}

/** A place where there is nothing yet, and what one can do about it. */
export function Blank({ icon, title, children, action, isPage = false }: Props): ReactElement {
  useEffect(() => {
    if (isPage) document.title = `${title} · Holdfast`
  }, [isPage, title])
  return (
    <Stack align="center" gap="sm" py="xl" px="md" ta="center">
      <ThemeIcon size={56} radius="xl" variant="light" aria-hidden="true">{icon}</ThemeIcon>
      <Title order={isPage ? 1 : 2} size="h2">{title}</Title>
      {children === undefined ? null : <Text className="quiet" maw={520}>{children}</Text>}
      {action}
    </Stack>
  )
}
