import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitepress'

type Item = { readonly text: string; readonly link: string }

const docs = join(import.meta.dirname, '..')

/** A page under its own first heading, so that the navigation never says something else. A page that is missing is a fault. */
function page(name: string, text?: string): Item {
  const file = join(docs, `${name}.md`)
  if (!existsSync(file)) throw new Error(`The navigation names docs/${name}.md, which is not there`)
  return { text: text ?? /^# (.+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? name, link: `/${name}` }
}

// VitePress looks for it under this name.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  title: 'Holdfast',
  description: 'Backups for the applications that you host yourself: files and databases in one restore point, readable without Holdfast.',
  lang: 'en',
  // Where the site lies below a path: `/holdfast/`.
  base: process.env['DOCS_BASE'] ?? '/',
  cleanUrls: false,
  lastUpdated: false,
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config(md) {
      // Pages stay plain Markdown: what looks like a template in code is text.
      const usual = md.renderer.rules.code_inline
      md.renderer.rules.code_inline = (tokens, index, ...rest) => {
        tokens[index]?.attrSet('v-pre', '')
        return usual?.(tokens, index, ...rest) ?? ''
      }
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [page('tutorial', 'Tutorial'), page('how-to/service', 'How-to'), page('reference/config', 'Reference'), page('design', 'Design')],
    sidebar: [
      { text: 'Start', items: [page('tutorial')] },
      { text: 'How-to', items: [page('how-to/restore'), page('how-to/service'), page('how-to/schedule'), page('how-to/touch'), page('how-to/notifications'), page('how-to/home-assistant'), page('how-to/import'), page('how-to/iotstack-cron'), page('how-to/write-a-preset')] },
      { text: 'Switch from', items: [page('switch/openstamanager', 'OpenSTAManager'), page('switch/openstamanager.it', 'OpenSTAManager (italiano)'), page('switch/jeedom', 'Jeedom'), page('switch/jeedom.fr', 'Jeedom (français)'), page('switch/iotstack', 'IOTstack')] },
      { text: 'Reference', items: [page('reference/config'), page('reference/cli'), page('reference/dashboard'), page('reference/api'), page('reference/access'), page('reference/status'), page('reference/widget'), page('reference/jeedom-status'), page('reference/containers'), page('reference/hooks'), page('reference/errors')] },
      { text: 'Explanation', items: [page('design'), page('compare'), page('performance'), page('testing'), page('gates'), page('dependencies')] },
    ],
    docFooter: { prev: 'Before', next: 'Next' },
  },
})
