import type { Page } from 'playwright-core'
import { passwords } from '../server/e2e/running-server.ts'

/** Signs the administrator of a `RunningServer` in, and waits for the overview. */
export async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.getByLabel('Name', { exact: true }).fill('admin')
  await page.getByLabel('Password', { exact: true }).fill(passwords.admin)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor({ timeout: 20_000 })
}

/** Some things ask for the password once more, where it was not given lately. */
export async function giveThePassword(page: Page, password: string = passwords.admin): Promise<void> {
  const dialog = page.getByRole('dialog').filter({ has: page.getByLabel('Password') })
  if (!await dialog.waitFor({ timeout: 2000 }).then(() => true, () => false)) return
  await dialog.getByLabel('Password').fill(password)
  await dialog.getByRole('button').last().click()
}
