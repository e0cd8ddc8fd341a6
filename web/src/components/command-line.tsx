import { ActionIcon, Text } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../api/queries.ts'
import { visibleName } from '../format/visible-name.ts'
import { copyText } from './copy-text.ts'

/** The command that does the same on the machine itself: a whole one, or `args` for the Holdfast that the server uses. */
export function CommandLine({ label = true, ...given }: { readonly label?: boolean } & ({ readonly command: string } | { readonly args: string })): ReactElement {
  const { t } = useTranslation()
  const program = useSession().data?.command ?? 'holdfast'
  const command = 'command' in given ? given.command : `${program} ${given.args}`
  return (
    <div>
      {label ? <Text size="xs" className="quiet" mb={4}>{t('command.same')}</Text> : null}
      <div className="command">
        <code tabIndex={0}><bdi>{visibleName(command)}</bdi></code>
        <CopyButton text={command} label={t('command.copy')} />
      </div>
    </div>
  )
}

export function CopyButton({ text, label }: { readonly text: string; readonly label: string }): ReactElement {
  const { t } = useTranslation()
  const [done, setDone] = useState(false)
  const copy = async (): Promise<void> => {
    setDone(await copyText(text))
    setTimeout(() => setDone(false), 1500)
  }
  return (
    <ActionIcon
      variant="subtle" aria-label={done ? t('command.copied') : label} title={label}
      onClick={() => void copy()}
    >
      {done ? <IconCheck size={16} aria-hidden="true" /> : <IconCopy size={16} aria-hidden="true" />}
    </ActionIcon>
  )
}
