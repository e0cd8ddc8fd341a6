import { Button, FileButton, Group, Progress, Stack, Text } from '@mantine/core'
import { IconFileUpload } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { DragEvent, ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Upload } from '../../../src/model/api/settings.ts'
import { uploadArchive } from '../api/upload.ts'
import { formatBytes } from '../format/byte-size.ts'
import { Name } from './name.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { StateMark } from './state-mark.tsx'
import { useLocale } from './use-locale.ts'

/** Takes an archive from this computer; `onReady` gets it once the server has checked it. */
export function UploadArchive({ app, onReady }: { readonly app: string; readonly onReady: (upload: Upload) => void }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const [upload, setUpload] = useState<Upload>()
  const [file, setFile] = useState<File>()
  const [problem, setProblem] = useState<unknown>()
  const [isOver, setOver] = useState(false)
  const stop = useRef<AbortController>(undefined)
  useEffect(() => () => stop.current?.abort(), [])

  const send = async (chosen: File): Promise<void> => {
    stop.current?.abort()
    const controller = new AbortController()
    stop.current = controller
    setFile(chosen)
    setProblem(undefined)
    setUpload(undefined)
    try {
      const ended = await uploadArchive(app, chosen, setUpload, controller.signal)
      if (ended.state === 'ready') onReady(ended)
    } catch (error) {
      if (!controller.signal.aborted) setProblem(error)
    }
  }
  const onDrop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    const dropped = event.dataTransfer.files[0]
    if (dropped !== undefined) void send(dropped)
  }
  const percent = upload === undefined ? 0 : upload.sizeBytes === 0 ? 100 : Math.floor(upload.receivedBytes / upload.sizeBytes * 100)
  const isSending = upload?.state === 'receiving' && problem === undefined
  return (
    <div
      className={`drop${isOver ? ' drop-over' : ''}`} onDrop={onDrop} onDragLeave={() => setOver(false)}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
    >
      <Stack gap="sm">
        <Group gap="md">
          <IconFileUpload size={32} stroke={1.4} aria-hidden="true" />
          <div style={{ flex: 1 }}>
            <Text fw={600}>{t('upload.title')}</Text>
            <Text size="sm" className="quiet">{t('upload.text')}</Text>
          </div>
          <FileButton onChange={(chosen) => chosen !== null && void send(chosen)}>{(props) => <Button variant="default" {...props}>{t('upload.choose')}</Button>}</FileButton>
        </Group>
        {file === undefined ? null : <Text size="sm"><Name mono>{file.name}</Name> · {formatBytes(file.size, locale)}</Text>}
        {upload === undefined ? null : (
          <div role="status">
            {upload.state === 'receiving' ? <><Progress value={percent} size="lg" radius="xl" aria-label={t('upload.sent')} /><Text size="xs" className="quiet figure" mt={4}>{t('upload.progress', { done: formatBytes(upload.receivedBytes, locale), all: formatBytes(upload.sizeBytes, locale), percent })}</Text></> : null}
            {upload.state === 'checking' ? <StateMark state="running" label={t('upload.checking')} /> : null}
            {upload.state === 'ready' ? <StateMark state="ok" label={t('upload.ready')} /> : null}
            {upload.state === 'refused' ? <Stack gap={4}><StateMark state="failed" label={t('upload.refused')} /><Text size="sm" lang="en"><Name>{upload.text ?? ''}</Name></Text></Stack> : null}
          </div>
        )}
        <ProblemAlert problem={problem} onRetry={file === undefined ? undefined : () => void send(file)} />
        {isSending ? <Group><Button size="xs" variant="default" onClick={() => stop.current?.abort()}>{t('upload.pause')}</Button></Group> : null}
      </Stack>
    </div>
  )
}
