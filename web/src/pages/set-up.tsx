import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { SessionInfo } from '../../../src/model/api/access.ts'
import { queryClient } from '../api/query-client.ts'
import { post } from '../api/request.ts'
import { PasswordField } from '../components/password-field.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { FrontPage } from './front-page.tsx'

/** The first account, for whoever can read the console of the server. */
export function SetUp(): ReactElement {
  const { t } = useTranslation()
  const [token, setToken] = useState(() => new URLSearchParams(location.hash.slice(1)).get('token') ?? '')
  const [name, setName] = useState('admin')
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const [problem, setProblem] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const differs = again !== '' && again !== password
  const submit = async (): Promise<void> => {
    if (again !== password) return
    setBusy(true)
    setProblem(undefined)
    try {
      queryClient.setQueryData(['session'], await post<SessionInfo>('api/setup', { token: token.trim(), name, password }))
      history.replaceState(null, '', document.baseURI)
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <FrontPage title={t('setUp.title')} text={t('setUp.text')} onSubmit={submit}>
      <TextInput label={t('setUp.token')} description={t('setUp.tokenHint')} value={token} onChange={({ currentTarget }) => setToken(currentTarget.value)} autoComplete="off" spellCheck={false} required autoFocus={token === ''} />
      <TextInput label={t('field.name')} autoComplete="username" value={name} onChange={({ currentTarget }) => setName(currentTarget.value)} pattern="[A-Za-z0-9][A-Za-z0-9._@\-]{0,63}" required />
      <PasswordField label={t('field.password')} description={t('field.passwordHint')} autoComplete="new-password" minLength={10} value={password} onChange={({ currentTarget }) => setPassword(currentTarget.value)} required />
      <PasswordField label={t('field.passwordAgain')} autoComplete="new-password" value={again} onChange={({ currentTarget }) => setAgain(currentTarget.value)} error={differs ? t('field.passwordDiffers') : undefined} required />
      <ProblemAlert problem={problem} />
      <Button type="submit" loading={isBusy} disabled={again !== password} size="md">{t('setUp.action')}</Button>
    </FrontPage>
  )
}
