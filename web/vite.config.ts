import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The dashboard, built into dist/web. Paths in it are relative: the server says below which path it is reached. */
// oxlint-disable-next-line import/no-default-export -- vite wants it so
export default defineConfig({
  base: './',
  plugins: [react()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    // A `data:` address would need a hole in the server's policy.
    assetsInlineLimit: 0,
    // What is inside must come with its licences.
    license: { fileName: 'licences-of-parts.md' },
    rolldownOptions: {
      output: {
        codeSplitting: { groups: [
          // What changes seldom keeps its name from one version of Holdfast to the next.
          { name: 'react', test: /node_modules\/(?:react|react-dom|scheduler)\// },
          // Small things that many pages share would else come in dozens of files.
          { name: 'icons', test: /node_modules\/@tabler\// },
          { name: 'shared', test: /web\/src\/(?:api|format|components)\/(?!use-config|schema-|use-field|file-tree|entry-|upload|qr-code)/ },
        ] },
      },
    },
  },
})
