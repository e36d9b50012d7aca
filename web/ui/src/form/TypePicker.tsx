/** The incident types as one row of keys: focus it, press the digit. Arrow keys move as in any list. */
import { type KeyboardEvent, type ReactNode, useId, useRef } from 'react'
import { useTypes } from '../api/queries'
import { language, useT } from '../i18n/i18n'
import { useStore } from '../util/store'

/** The keys of the first twelve, in the order of a keyboard's top row. */
export const TYPE_KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '-', '=']

interface Props {
  label: ReactNode
  value: string | null
  onChange: (type: string | null) => void
}

export function TypePicker({ label, value, onChange }: Props) {
  const id = useId()
  const t = useT()
  const list = useRef<HTMLDivElement>(null)
  const lang = useStore(language)
  const { data, isPending } = useTypes()
  const types = (data ?? []).filter((type) => type.active || type.id === value)
  const at = types.findIndex((type) => type.id === value)

  function press(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 3, ArrowUp: -3 }[event.key]
    const next = step ? Math.min(types.length - 1, Math.max(0, at < 0 ? 0 : at + step)) : TYPE_KEYS.indexOf(event.key)
    const type = types[next]
    if (event.key === 'Backspace' || event.key === 'Delete') onChange(null)
    else if (type) onChange(type.id)
    else return
    event.preventDefault()
  }

  return (
    <div>
      <span className="sg-label" id={id}>
        {label}
      </span>
      {types.length === 0 && !isPending && <span className="sg-warn">{t('form.no_types')}</span>}
      <div
        aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
        aria-labelledby={id}
        className="sg-types"
        data-testid="field-type"
        onKeyDown={press}
        ref={list}
        role="listbox"
        tabIndex={0}
      >
        {types.map((type, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are taken by the list around, which has the focus.
          // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names the active option.
          <div
            aria-selected={type.id === value}
            className="sg-type"
            data-testid={`type-${type.id}`}
            id={`${id}-${i}`}
            key={type.id}
            onClick={() => {
              onChange(type.id)
              list.current?.focus()
            }}
            role="option"
            title={lang === 'en' ? type.name_en : type.name}
          >
            {TYPE_KEYS[i] && <kbd className="sg-key">{TYPE_KEYS[i]}</kbd>}
            <span className="sg-ellipsis">{lang === 'en' ? type.name_en || type.name : type.name}</span>
          </div>
        ))}
      </div>
    </div>
  )
}
