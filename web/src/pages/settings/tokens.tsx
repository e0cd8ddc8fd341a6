import { Button, Skeleton, Stack, Table, Text } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Token } from '../../../../src/model/api/access.ts'
import { queryClient } from '../../api/query-client.ts'
import { get, pathOf, request } from '../../api/request.ts'
import { Blank } from '../../components/blank.tsx'
import { CommandLine } from '../../components/command-line.tsx'
import { Instant } from '../../components/instant.tsx'
import { Name } from '../../components/name.tsx'
import { PageTitle } from '../../components/page-title.tsx'
import { ProblemAlert } from '../../components/problem-alert.tsx'
import { TypedConfirm } from '../../components/typed-confirm.tsx'
import { NewTokenDialog } from './new-token.tsx'

/** Keys of programs and widgets. */
export function Tokens(): ReactElement {
  const { t } = useTranslation()
  const { data, error } = useQuery({ queryKey: ['tokens'], queryFn: ({ signal }) => get<readonly Token[]>('api/tokens', signal) })
  const [isAdding, setAdding] = useState(false)
  const [revoked, setRevoked] = useState<Token>()
  const revoke = useMutation({ mutationFn: async (id: string) => await request('DELETE', pathOf`api/tokens/${id}`), onSuccess: () => {
    void queryClient.invalidateQueries({ queryKey: ['tokens'] })
    setRevoked(undefined)
  } })
  return (
    <>
      <PageTitle name={t('settings.tokens')} title={t('settings.tokens')} below={t('tokens.text')} actions={<Button leftSection={<IconKey size={16} aria-hidden="true" />} onClick={() => setAdding(true)}>{t('tokens.add')}</Button>} />
      <Stack gap="md">
        <ProblemAlert problem={error} />
        {data === undefined ? error === null ? <Skeleton h={120} role="status" aria-label={t('loading')} /> : null : data.length === 0 ? <div className="panel"><Blank icon={<IconKey />} title={t('tokens.none')}>{t('tokens.noneText')}</Blank></div> : (
          <div className="panel scroll-x" tabIndex={0} role="region" aria-label={t('settings.tokens')}>
            <Table verticalSpacing="xs">
              <Table.Thead><Table.Tr><Table.Th>{t('field.name')}</Table.Th><Table.Th>{t('tokens.kind')}</Table.Th><Table.Th>{t('nav.apps')}</Table.Th><Table.Th>{t('tokens.used')}</Table.Th><Table.Th>{t('tokens.expires')}</Table.Th><Table.Th><span className="visually-hidden">{t('table.actions')}</span></Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {data.map((token) => (
                  <Table.Tr key={token.id}>
                    <Table.Td><b><Name>{token.name}</Name></b></Table.Td>
                    <Table.Td>{token.kind === 'widget' ? t('tokens.widget') : `${t('tokens.api')} · ${t(`role.${token.role}`)}`}{token.frameAncestors === undefined ? null : <Text size="xs" className="quiet">{token.frameAncestors.join(' ')}</Text>}</Table.Td>
                    <Table.Td>{token.apps === undefined ? t('tokens.all') : token.apps.join(', ')}</Table.Td>
                    <Table.Td className="nowrap">{token.usedAt === undefined ? t('tokens.never') : <Instant at={token.usedAt} />}</Table.Td>
                    <Table.Td className="nowrap">{token.expiresAt === undefined ? t('tokens.never') : <Instant at={token.expiresAt} />}</Table.Td>
                    <Table.Td ta="end"><Button size="compact-xs" variant="default" onClick={() => setRevoked(token)} aria-label={`${t('tokens.revoke')}: ${token.name}`}>{t('tokens.revoke')}</Button></Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
      </Stack>
      {isAdding ? <NewTokenDialog start={{ kind: 'api' }} onClose={() => setAdding(false)} /> : null}
      {revoked === undefined ? null : (
        <TypedConfirm title={t('tokens.revokeTitle')} word={revoked.name} action={t('tokens.revoke')} isBusy={revoke.isPending} problem={revoke.error} onClose={() => setRevoked(undefined)} onConfirm={() => revoke.mutate(revoked.id)}>
          <Text>{t('tokens.revokeText')}</Text>
          <CommandLine args={`token revoke ${revoked.id}`} />
        </TypedConfirm>
      )}
    </>
  )
}
