import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { stepUp, useSession } from '../api/queries.ts'
import { handleAccess, ProblemError } from '../api/request.ts'
import { PasswordField } from './password-field.tsx'
import { ProblemAlert } from './problem-alert.tsx'

/** Asks for the password again where the server wants it, and lets the request that waited go on. One for the whole page. */
export function StepUpDialog(): ReactElement {
  const { t } = useTranslation()
  const user = useSession().data?.user
  const [waiting, setWaiting] = useState<readonly ((done: boolean) => void)[]>([])
  const [password, setPassword] = useState('')
  const [totp, setTotp] = useState('')
  const [problem, setProblem] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)

  useEffect(() => {
    handleAccess({ stepUp: async () => await new Promise<boolean>((resolve) => setWaiting((before) => [...before, resolve])) })
  }, [])

  const settle = (done: boolean): void => {
    for (const resolve of waiting) resolve(done)
    setWaiting([])
    setPassword('')
    setTotp('')
    setProblem(undefined)
  }
  const submit = async (): Promise<void> => {
    setBusy(true)
    try {
      await stepUp({ password, ...(totp === '' ? {} : { totp }) })
      settle(true)
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  const asksTotp = user?.totp === true || problem instanceof ProblemError && problem.code === 'access.totp'
  return (
    <Modal opened={waiting.length > 0} onClose={() => settle(false)} title={t('stepUp.title')} zIndex={400} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
      >
        <Stack gap="md">
          <Text size="sm">{t('stepUp.why')}</Text>
          <input type="text" name="username" autoComplete="username" value={user?.name ?? ''} readOnly hidden />
          <PasswordField label={t('field.password')} autoComplete="current-password" value={password} onChange={({ currentTarget }) => setPassword(currentTarget.value)} data-autofocus required />
          {asksTotp ? <TextInput label={t('field.totp')} inputMode="numeric" autoComplete="one-time-code" pattern="[0-9]{6}" maxLength={6} value={totp} onChange={({ currentTarget }) => setTotp(currentTarget.value)} required /> : null}
          <ProblemAlert problem={problem} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => settle(false)}>{t('action.cancel')}</Button>
            <Button type="submit" loading={isBusy}>{t('action.continue')}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
