import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ProblemAlert } from './problem-alert.tsx'

type Props = {
  readonly title: string
  /** What is to be typed. */
  readonly word: string
  readonly action: string
  readonly children: ReactNode
  readonly isBusy: boolean
  readonly problem?: unknown
  readonly onConfirm: () => void
  readonly onClose: () => void
}

/** Asks for a name to be typed before something is done that cannot be taken back. */
export function TypedConfirm({ title, word, action, children, isBusy, problem, onConfirm, onClose }: Props): ReactElement {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  return (
    <Modal opened onClose={onClose} title={title} size="lg" closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form onSubmit={(event) => {
        event.preventDefault()
        if (typed === word) onConfirm()
      }}
      >
        <Stack gap="md">
          {children}
          <ConfirmField word={word} value={typed} onChange={setTyped} />
          <ProblemAlert problem={problem} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
            <Button type="submit" color="red" disabled={typed !== word} loading={isBusy}>{action}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

export function ConfirmField({ word, value, onChange }: { readonly word: string; readonly value: string; readonly onChange: (value: string) => void }): ReactElement {
  const { t } = useTranslation()
  return <TextInput label={t('confirm.type', { word })} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)} autoComplete="off" spellCheck={false} data-autofocus />
}
