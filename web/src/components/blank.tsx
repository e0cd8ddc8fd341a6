import { Stack, Text, ThemeIcon, Title } from '@mantine/core'
import type { ReactElement, ReactNode } from 'react'

/** A place where there is nothing yet, and what one can do about it. */
export function Blank({ icon, title, children, action }: { readonly icon: ReactNode; readonly title: string; readonly children?: ReactNode; readonly action?: ReactNode }): ReactElement {
  return (
    <Stack align="center" gap="sm" py="xl" px="md" ta="center">
      <ThemeIcon size={56} radius="xl" variant="light" aria-hidden="true">{icon}</ThemeIcon>
      <Title order={2}>{title}</Title>
      {children === undefined ? null : <Text className="quiet" maw={520}>{children}</Text>}
      {action}
    </Stack>
  )
}
