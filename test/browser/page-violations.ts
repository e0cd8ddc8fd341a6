import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { z } from 'zod'
import { projectFolder } from '../e2e/machine.ts'

const axe = readFileSync(join(projectFolder, 'node_modules/axe-core/axe.min.js'), 'utf8')

/** Until nothing of the page is still to come. */
export async function settled(page: Page): Promise<void> {
  await page.locator('.mantine-Skeleton-root, .mantine-Loader-root').first().waitFor({ state: 'detached', timeout: 20_000 })
}

/** What axe finds wrong with the page as it stands. */
export async function violations(page: Page): Promise<readonly string[]> {
  // The page's policy forbids foreign scripts; this one comes from the test.
  await page.evaluate(axe)
  const found = await page.evaluate('axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`))')
  return z.array(z.string()).parse(found)
}
