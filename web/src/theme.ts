import { createTheme } from '@mantine/core'

/** The colours of kelp: what a holdfast holds. States have colours of their own in styles.css. */
export const theme = createTheme({
  primaryColor: 'kelp',
  primaryShade: 7,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.6rem', lineHeight: '1.25' }, h2: { fontSize: '1.2rem', lineHeight: '1.3' }, h3: { fontSize: '1.02rem', lineHeight: '1.35' } } },
  components: {
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, withinPortal: false } },
    InputWrapper: { defaultProps: { withAsterisk: false } },
    // A header in a dialog is not the page's.
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 }, attributes: { header: { role: 'presentation' } } } },
  },
  colors: {
    // Darker than usual from the middle on: white on it must be readable.
    red: ['#fff5f5', '#ffe3e3', '#ffc9c9', '#ffa8a8', '#ff8787', '#fa5252', '#e03131', '#c92a2a', '#b02525', '#962020'],
    kelp: ['#eefbf8', '#d5f5ee', '#aee9dd', '#7ed8c8', '#4cc0ae', '#2aa593', '#178677', '#126b60', '#11564e', '#0f4741'],
    dark: ['#d3dade', '#b3bdc3', '#97a3ab', '#6c7982', '#434f58', '#333e47', '#232d35', '#182027', '#11181e', '#0b1116'],
  },
})
