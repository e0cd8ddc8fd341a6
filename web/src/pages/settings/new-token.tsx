import { Alert, Button, Group, Modal, MultiSelect, NumberInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { CreatedToken, NewToken } from '../../../../src/model/api/access.ts'
import { useOverview } from '../../api/queries.ts'
import { queryClient } from '../../api/query-client.ts'
import { request } from '../../api/request.ts'
import { CommandLine, CopyButton } from '../../components/command-line.tsx'
import { ProblemAlert } from '../../components/problem-alert.tsx'

const roles = ['viewer', 'operator', 'admin'] as const

/** Makes a token and shows its text, this once. `onCreated` gets it for where it is used at once. */
export function NewTokenDialog({ start, onCreated, onClose }: { readonly start: Pick<NewToken, 'kind'> & Partial<NewToken>; readonly onCreated?: (token: CreatedToken) => void; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation()
  const { data } = useOverview()
  const [name, setName] = useState(start.name ?? '')
  const [kind, setKind] = useState<NewToken['kind']>(start.kind)
  const [role, setRole] = useState<NewToken['role']>('viewer')
  const [apps, setApps] = useState<string[]>([...start.apps ?? []])
  const [pages, setPages] = useState((start.frameAncestors ?? []).join('\n'))
  const [days, setDays] = useState<number | string>('')
  const create = useMutation({
    mutationFn: async () => await request<CreatedToken>('POST', 'api/tokens', { body: {
      name, kind, role: kind === 'widget' ? 'viewer' : role,
      ...(apps.length === 0 ? {} : { apps }),
      ...(kind === 'widget' && pages.trim() !== '' ? { frameAncestors: pages.split(/\s+/).filter((page) => page !== '') } : {}),
      ...(typeof days === 'number' ? { days } : {}),
    } }),
    onSuccess: (token) => {
      void queryClient.invalidateQueries({ queryKey: ['tokens'] })
      onCreated?.(token)
    },
  })
  const command = ['token create', name === '' ? '' : JSON.stringify(name), kind === 'widget' ? '--widget' : `--role ${role}`, ...apps.map((app) => `--app ${app}`), ...(kind === 'widget' ? pages.split(/\s+/).filter((page) => page !== '').map((page) => `--frame-ancestors ${page}`) : []), typeof days === 'number' ? `--days ${days}` : ''].filter((part) => part !== '').join(' ')
  return (
    <Modal opened onClose={onClose} title={t('tokens.add')} size="lg" closeButtonProps={{ 'aria-label': t('action.close') }}>
      {create.data === undefined ? (
        <form onSubmit={(event) => {
          event.preventDefault()
          create.mutate()
        }}
        >
          <Stack gap="md">
            <TextInput label={t('field.name')} description={t('tokens.nameHint')} maxLength={64} value={name} onChange={({ currentTarget }) => setName(currentTarget.value)} required data-autofocus />
            <Select label={t('tokens.kind')} data={[{ value: 'api', label: t('tokens.api') }, { value: 'widget', label: t('tokens.widget') }]} value={kind} onChange={(next) => setKind((next ?? 'api') as NewToken['kind'])} allowDeselect={false} />
            {kind === 'api' ? <Select label={t('accounts.role')} description={t(`role.${role}Text`)} data={roles.map((one) => ({ value: one, label: t(`role.${one}`) }))} value={role} onChange={(next) => setRole((next ?? 'viewer') as NewToken['role'])} allowDeselect={false} />
              : <Textarea label={t('tokens.pages')} description={t('tokens.pagesHint')} placeholder="https://intranet.example" value={pages} onChange={({ currentTarget }) => setPages(currentTarget.value)} autosize minRows={2} spellCheck={false} />}
            <MultiSelect label={t('nav.apps')} description={t('tokens.appsHint')} data={(data?.apps ?? []).map((app) => app.name)} value={apps} onChange={setApps} clearable clearButtonProps={{ 'aria-label': t('search.clear') }} placeholder={apps.length === 0 ? t('tokens.all') : undefined} />
            <NumberInput label={t('tokens.days')} description={t('tokens.daysHint')} min={1} max={3650} allowDecimal={false} value={days} onChange={setDays} maw={260} />
            <CommandLine args={command} />
            <ProblemAlert problem={create.error} />
            <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={create.isPending}>{t('tokens.add')}</Button></Group>
          </Stack>
        </form>
      ) : (
        <Stack gap="md">
          <Alert color="yellow" title={t('tokens.once')}>{t('tokens.onceText')}</Alert>
          <div className="command"><code tabIndex={0}>{create.data.text}</code><CopyButton text={create.data.text} label={t('action.copy')} /></div>
          {kind === 'api' ? <Text size="sm" className="quiet">{t('tokens.how')} <code>Authorization: Bearer …</code></Text> : null}
          <Group justify="flex-end"><Button onClick={onClose}>{t('tokens.kept')}</Button></Group>
        </Stack>
      )}
    </Modal>
  )
}
