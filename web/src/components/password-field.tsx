import { PasswordInput } from '@mantine/core'
import type { PasswordInputProps } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'

/** A field whose text is covered until somebody wants to see it. */
export function PasswordField(props: PasswordInputProps): ReactElement {
  const { t } = useTranslation()
  return <PasswordInput {...props} visibilityToggleButtonProps={{ 'aria-label': t('field.showPassword') }} />
}
