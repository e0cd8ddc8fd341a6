import { Button, Group, Skeleton, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Device, TotpBegin } from '../../../../src/model/api/access.ts'
import { useSession } from '../../api/queries.ts'
import { queryClient } from '../../api/query-client.ts'
import { get, pathOf, post, request } from '../../api/request.ts'
import { CommandLine, CopyButton } from '../../components/command-line.tsx'
import { Instant } from '../../components/instant.tsx'
import { Name } from '../../components/name.tsx'
import { PageTitle } from '../../components/page-title.tsx'
import { PasswordField } from '../../components/password-field.tsx'
import { ProblemAlert } from '../../components/problem-alert.tsx'
import { QrCode } from '../../components/qr-code.tsx'
import { StateMark } from '../../components/state-mark.tsx'

/** What belongs to who is signed in: password, authenticator, devices. */
export function MyAccount(): ReactElement {
  const { t } = useTranslation()
  const user = useSession().data?.user
  return (
    <>
      <PageTitle name={t('settings.account')} title={t('settings.account')} below={user === undefined ? undefined : <><Name>{user.name}</Name> · {t(`role.${user.role}`)}</>} />
      <Stack gap="lg">
        <ChangePassword name={user?.name ?? ''} />
        <Authenticator isOn={user?.totp === true} />
        <Devices />
      </Stack>
    </>
  )
}

function ChangePassword({ name }: { readonly name: string }): ReactElement {
  const { t } = useTranslation()
  const [password, setPassword] = useState('')
  const [newPassword, setNewPassword] = useState('')
  const change = useMutation({
    mutationFn: async () => await request('POST', 'api/account/password', { body: { password, newPassword } }),
    onSuccess: () => {
      setPassword('')
      setNewPassword('')
      void queryClient.invalidateQueries({ queryKey: ['devices'] })
    },
  })
  return (
    <section className="panel" aria-labelledby="password-title">
      <form onSubmit={(event) => {
        event.preventDefault()
        change.mutate()
      }}
      >
        <Stack gap="md">
          <div><Title order={2} id="password-title">{t('account.password')}</Title><Text size="sm" className="quiet">{t('account.passwordText')}</Text></div>
          <input type="text" autoComplete="username" value={name} readOnly hidden />
          <Group align="flex-start" grow preventGrowOverflow={false}>
            <PasswordField label={t('account.oldPassword')} autoComplete="current-password" value={password} onChange={({ currentTarget }) => setPassword(currentTarget.value)} required miw={220} />
            <PasswordField label={t('account.newPassword')} description={t('field.passwordHint')} inputWrapperOrder={['label', 'input', 'description', 'error']} autoComplete="new-password" minLength={10} value={newPassword} onChange={({ currentTarget }) => setNewPassword(currentTarget.value)} required miw={220} />
          </Group>
          <ProblemAlert problem={change.error} />
          <Group><Button type="submit" loading={change.isPending} disabled={password === '' || newPassword.length < 10}>{t('account.changePassword')}</Button><span role="status">{change.isSuccess ? <StateMark state="ok" label={t('account.passwordChanged')} /> : null}</span></Group>
          <CommandLine args={`account password ${name}`} />
        </Stack>
      </form>
    </section>
  )
}

function Authenticator({ isOn }: { readonly isOn: boolean }): ReactElement {
  const { t } = useTranslation()
  const [begun, setBegun] = useState<TotpBegin>()
  const [totp, setTotp] = useState('')
  const refresh = (): void => {
    setBegun(undefined)
    setTotp('')
    void queryClient.invalidateQueries({ queryKey: ['session'] })
  }
  const begin = useMutation({ mutationFn: async () => await post<TotpBegin>('api/account/totp'), onSuccess: setBegun })
  const confirm = useMutation({ mutationFn: async () => await request('POST', 'api/account/totp/confirm', { body: { totp } }), onSuccess: refresh })
  const remove = useMutation({ mutationFn: async () => await request('DELETE', 'api/account/totp'), onSuccess: refresh })
  return (
    <section className="panel" aria-labelledby="totp-title">
      <Stack gap="md">
        <Group justify="space-between"><Title order={2} id="totp-title">{t('account.totp')}</Title><StateMark state={isOn ? 'ok' : 'off'} label={t(isOn ? 'account.totpOn' : 'account.totpOff')} /></Group>
        <Text size="sm" className="quiet">{t('account.totpText')}</Text>
        {begun === undefined ? (
          <Group>{isOn ? <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>{t('account.totpRemove')}</Button> : <Button loading={begin.isPending} onClick={() => begin.mutate()}>{t('account.totpBegin')}</Button>}</Group>
        ) : (
          <form onSubmit={(event) => {
            event.preventDefault()
            confirm.mutate()
          }}
          >
            <Group align="flex-start" gap="xl">
              <QrCode text={begun.uri} label={t('account.totpQr')} />
              <Stack gap="md" style={{ flex: '1 1 18rem' }}>
                <Text size="sm">{t('account.totpScan')}</Text>
                <div><Text size="xs" className="quiet">{t('account.totpSecret')}</Text><div className="command"><code tabIndex={0}>{begun.secret}</code><CopyButton text={begun.secret} label={t('action.copy')} /></div></div>
                <TextInput label={t('field.totp')} description={t('field.totpHint')} inputMode="numeric" autoComplete="one-time-code" pattern="[0-9]{6}" maxLength={6} value={totp} onChange={({ currentTarget }) => setTotp(currentTarget.value)} required />
                <ProblemAlert problem={confirm.error} />
                <Group><Button type="submit" loading={confirm.isPending}>{t('account.totpConfirm')}</Button><Button variant="default" onClick={() => setBegun(undefined)}>{t('action.cancel')}</Button></Group>
              </Stack>
            </Group>
          </form>
        )}
        <ProblemAlert problem={begin.error ?? remove.error} />
      </Stack>
    </section>
  )
}

function Devices(): ReactElement {
  const { t } = useTranslation()
  const { data, error } = useQuery({ queryKey: ['devices'], queryFn: ({ signal }) => get<readonly Device[]>('api/sessions', signal) })
  const end = useMutation({ mutationFn: async (id: string) => await request('DELETE', pathOf`api/sessions/${id}`), onSuccess: () => void queryClient.invalidateQueries({ queryKey: ['devices'] }) })
  return (
    <section className="panel" aria-labelledby="devices-title">
      <Stack gap="md">
        <div><Title order={2} id="devices-title">{t('account.devices')}</Title><Text size="sm" className="quiet">{t('account.devicesText')}</Text></div>
        <ProblemAlert problem={error ?? end.error} />
        {data === undefined ? <Skeleton h={80} role="status" aria-label={t('loading')} /> : (
          <div className="scroll-x" tabIndex={0} role="group" aria-labelledby="devices-title">
            <Table verticalSpacing="xs">
              <Table.Thead><Table.Tr><Table.Th>{t('account.device')}</Table.Th><Table.Th>{t('account.address')}</Table.Th><Table.Th>{t('account.seen')}</Table.Th><Table.Th><span className="visually-hidden">{t('table.actions')}</span></Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {data.map((device) => (
                  <Table.Tr key={device.id}>
                    <Table.Td><Text size="sm" lineClamp={1}><Name>{device.agent === '' ? '–' : device.agent}</Name></Text></Table.Td>
                    <Table.Td><Name>{device.address}</Name></Table.Td>
                    <Table.Td className="nowrap"><Instant at={device.seenAt} /></Table.Td>
                    <Table.Td ta="end">{device.current ? <StateMark state="running" label={t('account.thisDevice')} /> : <Button size="compact-xs" variant="default" onClick={() => end.mutate(device.id)}>{t('nav.signOut')}</Button>}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
      </Stack>
    </section>
  )
}
