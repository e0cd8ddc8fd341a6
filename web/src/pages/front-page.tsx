import { Group, Stack, Text, Title } from '@mantine/core'
import type { ReactElement, ReactNode } from 'react'
import { Brand } from '../components/brand.tsx'
import { LanguageLinks } from './language-links.tsx'

/** The page of somebody who is not signed in: one form. */
export function FrontPage({ title, text, onSubmit, children }: { readonly title: string; readonly text: string; readonly onSubmit: () => Promise<void>; readonly children: ReactNode }): ReactElement {
  return (
    <main className="sign-in">
      <Stack gap="lg">
        <Group justify="center" gap="sm"><Brand size={44} /><Title order={1}>Holdfast</Title></Group>
        <form className="panel" onSubmit={(event) => {
          event.preventDefault()
          void onSubmit()
        }}
        >
          <Stack gap="md">
            <div>
              <Title order={2}>{title}</Title>
              <Text size="sm" className="quiet">{text}</Text>
            </div>
            {children}
          </Stack>
        </form>
        <LanguageLinks />
      </Stack>
    </main>
  )
}
