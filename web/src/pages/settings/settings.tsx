import { lazy } from 'react'
import type { ReactElement } from 'react'
import { useCan } from '../../components/use-can.ts'
import { NotFound } from '../not-found.tsx'
import { MyAccount } from './my-account.tsx'

const Applications = lazy(async () => ({ default: (await import('./config-pages.tsx')).Applications }))
const Destinations = lazy(async () => ({ default: (await import('./config-pages.tsx')).Destinations }))
const Notifications = lazy(async () => ({ default: (await import('./config-pages.tsx')).Notifications }))
const ConfigFile = lazy(async () => ({ default: (await import('./config-file.tsx')).ConfigFile }))
const Accounts = lazy(async () => ({ default: (await import('./accounts.tsx')).Accounts }))
const Tokens = lazy(async () => ({ default: (await import('./tokens.tsx')).Tokens }))
const AuditLog = lazy(async () => ({ default: (await import('./audit-log.tsx')).AuditLog }))

const forAdmins = { applications: Applications, destinations: Destinations, notifications: Notifications, file: ConfigFile, accounts: Accounts, tokens: Tokens, audit: AuditLog } as const

export function Settings({ section }: { readonly section: string }): ReactElement {
  const isAdmin = useCan('admin')
  if (section === 'account') return <MyAccount />
  if (!isAdmin || !Object.hasOwn(forAdmins, section)) return <NotFound />
  const Page = forAdmins[section as keyof typeof forAdmins]
  return <Page />
}
