import { Button, Group, Modal, Select, Skeleton, Stack, Table, Text, TextInput } from '@mantine/core'
import { IconUserPlus } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account, Role } from '../../../../src/model/api/access.ts'
import { useSession } from '../../api/queries.ts'
import { queryClient } from '../../api/query-client.ts'
import { get, pathOf, request } from '../../api/request.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { Instant } from '../../components/instant.tsx'
import { Name } from '../../components/name.tsx'
import { PageTitle } from '../../components/page-title.tsx'
import { PasswordField } from '../../components/password-field.tsx'
import { ProblemAlert } from '../../components/problem-alert.tsx'
import { StateMark } from '../../components/state-mark.tsx'
import { TypedConfirm } from '../../components/typed-confirm.tsx'

const roles = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[]
const refresh = (): void => void queryClient.invalidateQueries({ queryKey: ['users'] })

type Open = { readonly what: 'add' } | { readonly what: 'password' | 'remove'; readonly name: string }

/** Who may sign in, and what each may do. */
export function Accounts(): ReactElement {
  const { t } = useTranslation()
  const own = useSession().data?.user?.name
  const { data, error } = useQuery({ queryKey: ['users'], queryFn: ({ signal }) => get<readonly Account[]>('api/users', signal) })
  const setRole = useMutation({ mutationFn: async ({ name, role }: { name: string; role: Role }) => await request('PATCH', pathOf`api/users/${name}`, { body: { role } }), onSettled: refresh })
  const remove = useMutation({ mutationFn: async (name: string) => await request('DELETE', pathOf`api/users/${name}`), onSuccess: refresh })
  const [open, setOpen] = useState<Open>()
  const close = (): void => setOpen(undefined)
  return (
    <>
      <PageTitle name={t('settings.accounts')} title={t('settings.accounts')} below={t('accounts.text')} actions={<Button leftSection={<IconUserPlus size={16} aria-hidden="true" />} onClick={() => setOpen({ what: 'add' })}>{t('accounts.add')}</Button>} />
      <Stack gap="md">
        <ProblemAlert problem={error ?? setRole.error} />
        {data === undefined ? error === null ? <Skeleton h={120} role="status" aria-label={t('loading')} /> : null : (
          <div className="panel scroll-x" tabIndex={0} role="region" aria-label={t('settings.accounts')}>
            <Table verticalSpacing="xs">
              <Table.Thead><Table.Tr><Table.Th>{t('field.name')}</Table.Th><Table.Th>{t('accounts.role')}</Table.Th><Table.Th>{t('account.totp')}</Table.Th><Table.Th>{t('account.seen')}</Table.Th><Table.Th><span className="visually-hidden">{t('table.actions')}</span></Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {data.map(({ name, role, totp, seenAt }) => (
                  <Table.Tr key={name}>
                    <Table.Td><b><Name>{name}</Name></b>{name === own ? <Text span size="xs" className="quiet"> ({t('accounts.you')})</Text> : null}</Table.Td>
                    <Table.Td><Select size="xs" w={160} aria-label={`${t('accounts.role')}: ${name}`} data={roles.map((one) => ({ value: one, label: t(`role.${one}`) }))} value={role} allowDeselect={false} onChange={(next) => next !== null && next !== role && setRole.mutate({ name, role: next as Role })} /></Table.Td>
                    <Table.Td><StateMark state={totp ? 'ok' : 'off'} label={t(totp ? 'account.totpOn' : 'account.totpOff')} /></Table.Td>
                    <Table.Td className="nowrap">{seenAt === undefined ? t('tokens.never') : <Instant at={seenAt} />}</Table.Td>
                    <Table.Td><Group gap="xs" justify="flex-end" wrap="nowrap"><Button size="compact-xs" variant="default" onClick={() => setOpen({ what: 'password', name })}>{t('account.newPassword')}</Button><Button size="compact-xs" variant="default" color="red" onClick={() => setOpen({ what: 'remove', name })} disabled={name === own}>{t('action.remove')}</Button></Group></Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
        <dl className="facts">{roles.map((role) => <div key={role}><dt><b>{t(`role.${role}`)}</b></dt><dd style={{ fontWeight: 400 }}>{t(`role.${role}Text`)}</dd></div>)}</dl>
      </Stack>
      {open?.what === 'add' ? <AddAccount onClose={close} /> : null}
      {open?.what === 'password' ? <SetPassword name={open.name} onClose={close} /> : null}
      {open?.what === 'remove' ? (
        <TypedConfirm title={t('accounts.removeTitle')} word={open.name} action={t('action.remove')} isBusy={remove.isPending} problem={remove.error} onClose={close} onConfirm={() => remove.mutate(open.name, { onSuccess: close })}>
          <Text>{t('accounts.removeText')}</Text>
          <CommandLine args={`account remove ${open.name}`} />
        </TypedConfirm>
      ) : null}
    </>
  )
}

function AddAccount({ onClose }: { readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const add = useMutation({ mutationFn: async () => await request('POST', 'api/users', { body: { name, password, role } }), onSuccess: () => {
    refresh()
    onClose()
  } })
  return (
    <Modal opened onClose={onClose} title={t('accounts.add')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
      >
        <Stack gap="md">
          <TextInput label={t('field.name')} autoComplete="off" pattern="[A-Za-z0-9][A-Za-z0-9._@\-]{0,63}" value={name} onChange={({ currentTarget }) => setName(currentTarget.value)} required data-autofocus />
          <PasswordField label={t('field.password')} description={t('field.passwordHint')} autoComplete="new-password" minLength={10} value={password} onChange={({ currentTarget }) => setPassword(currentTarget.value)} required />
          <Select label={t('accounts.role')} description={t(`role.${role}Text`)} data={roles.map((one) => ({ value: one, label: t(`role.${one}`) }))} value={role} allowDeselect={false} onChange={(next) => setRole((next ?? 'viewer') as Role)} />
          <CommandLine args={`account add ${name === '' ? '…' : name} --role ${role}`} />
          <ProblemAlert problem={add.error} />
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={add.isPending}>{t('accounts.add')}</Button></Group>
        </Stack>
      </form>
    </Modal>
  )
}

function SetPassword({ name, onClose }: { readonly name: string; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation()
  const [password, setPassword] = useState('')
  const change = useMutation({ mutationFn: async () => await request('PATCH', pathOf`api/users/${name}`, { body: { password } }), onSuccess: onClose })
  return (
    <Modal opened onClose={onClose} title={<>{t('account.newPassword')}: <Name>{name}</Name></>} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form onSubmit={(event) => {
        event.preventDefault()
        change.mutate()
      }}
      >
        <Stack gap="md">
          <PasswordField label={t('account.newPassword')} description={t('field.passwordHint')} autoComplete="new-password" minLength={10} value={password} onChange={({ currentTarget }) => setPassword(currentTarget.value)} required data-autofocus />
          <Text size="sm" className="quiet">{t('accounts.passwordText')}</Text>
          <CommandLine args={`account password ${name}`} />
          <ProblemAlert problem={change.error} />
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={change.isPending}>{t('form.save')}</Button></Group>
        </Stack>
      </form>
    </Modal>
  )
}
