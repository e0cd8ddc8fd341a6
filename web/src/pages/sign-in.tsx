import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { SessionInfo } from '../../../src/model/api/access.ts'
import { queryClient } from '../api/query-client.ts'
import { post, ProblemError } from '../api/request.ts'
import { PasswordField } from '../components/password-field.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { FrontPage } from './front-page.tsx'

/** Name and password, and the number of the authenticator where the account has one. */
export function SignIn(): ReactElement {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [totp, setTotp] = useState('')
  const [asksTotp, setAsksTotp] = useState(false)
  const [problem, setProblem] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (): Promise<void> => {
    setBusy(true)
    setProblem(undefined)
    try {
      queryClient.setQueryData(['session'], await post<SessionInfo>('api/session', { name, password, ...(totp === '' ? {} : { totp }) }))
    } catch (error) {
      const isAsked = error instanceof ProblemError && error.code === 'access.totp'
      if (isAsked) setAsksTotp(true)
      // The first time it is no fault: the field was not there.
      if (!isAsked || totp !== '') setProblem(error)
      setTotp('')
    } finally {
      setBusy(false)
    }
  }
  return (
    <FrontPage title={t('signIn.title')} text={t('signIn.text')} onSubmit={submit}>
      <TextInput label={t('field.name')} autoComplete="username" value={name} onChange={({ currentTarget }) => setName(currentTarget.value)} autoCapitalize="none" spellCheck={false} required autoFocus />
      <PasswordField label={t('field.password')} autoComplete="current-password" value={password} onChange={({ currentTarget }) => setPassword(currentTarget.value)} required />
      {asksTotp ? <TextInput label={t('field.totp')} description={t('field.totpHint')} inputMode="numeric" autoComplete="one-time-code" pattern="[0-9]{6}" maxLength={6} value={totp} onChange={({ currentTarget }) => setTotp(currentTarget.value)} required autoFocus /> : null}
      <ProblemAlert problem={problem} />
      <Button type="submit" loading={isBusy} size="md">{t('signIn.action')}</Button>
    </FrontPage>
  )
}
