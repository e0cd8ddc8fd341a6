import { localStorageColorSchemeManager } from '@mantine/core'

/** The key is known to public/colour-scheme.js, which sets the colours before the page is drawn. */
export const colourScheme = localStorageColorSchemeManager({ key: 'holdfast-colours' })
