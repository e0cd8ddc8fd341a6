import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { AroundNavHandler } from 'wouter'
import { dropDrafts, unsaved, useUnsaved } from '../api/drafts.ts'
import { Name } from './name.tsx'

type Leave = { readonly go: () => void; readonly loses: boolean }
let ask: (leave: Leave) => void = ({ go }) => go()

/** Goes on, after a question where changes are not saved: leaving the settings keeps them in this window, signing out loses them. */
export function leave(go: () => void, loses: boolean): void {
  if (unsaved().length === 0) go()
  else ask({ go, loses })
}

/** Asks before the settings are left. The browser's own Back cannot be asked; what was changed stays in this window. */
export const askBeforeLeaving: AroundNavHandler = (navigate, to, options) => {
  const here = location.pathname
  const go = (): void => navigate(to, options)
  if (/\/settings(?:\/|$)/.test(here) && new URL(to, location.href).pathname !== here) leave(go, false)
  else go()
}

/** Says that something is not saved before it is left, and to the browser before the window goes. */
export function LeaveGuard(): ReactElement | null {
  const { t } = useTranslation()
  const [asked, setAsked] = useState<Leave>()
  const paths = useUnsaved()
  const isUnsaved = paths.length > 0
  useEffect(() => {
    ask = setAsked
  }, [])
  useEffect(() => {
    if (!isUnsaved) return undefined
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [isUnsaved])
  if (asked === undefined) return null
  const end = (): void => {
    setAsked(undefined)
    asked.go()
  }
  return (
    <Modal opened onClose={() => setAsked(undefined)} title={t('leave.title')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <Stack gap="md">
        <Text>{t(asked.loses ? 'leave.loses' : 'leave.keeps')}</Text>
        <ul className="remarks">{paths.map((path) => <li key={path.join(' ')}><Name>{path.at(-1) ?? ''}</Name></li>)}</ul>
        <Group justify="flex-end">
          <Button variant="subtle" color="red" onClick={() => {
            dropDrafts()
            end()
          }}
          >{t('leave.discard')}</Button>
          {asked.loses ? null : <Button variant="default" onClick={end}>{t('leave.go')}</Button>}
          <Button onClick={() => setAsked(undefined)} data-autofocus>{t('leave.stay')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
