// oxlint-disable import/no-unassigned-import -- style sheets export nothing
import '@mantine/core/styles.css'
import './styles.css'
// oxlint-enable import/no-unassigned-import
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from './api/query-client.ts'
import { App } from './app.tsx'
import { colourScheme } from './colour-scheme.ts'
import { startTexts } from './i18n/index.ts'
import { theme } from './theme.ts'

await startTexts()
const root = document.getElementById('root')
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={colourScheme}>
        <QueryClientProvider client={queryClient}>
          <App />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
}
