import { SegmentedControl } from '@mantine/core'
import { type Language, language, setLanguage } from '../i18n/i18n'
import { useStore } from '../util/store'

export function LanguageSwitch() {
  const now = useStore(language)
  return (
    <SegmentedControl
      aria-label="Bahasa / Language"
      data={[
        { value: 'id', label: 'Indonesia' },
        { value: 'en', label: 'English' },
      ]}
      onChange={(value) => setLanguage(value as Language)}
      size="xs"
      value={now}
    />
  )
}
