/** The kinds of fields that the simple forms of the administration are made of. */
import { Checkbox, MultiSelect, NumberInput, PasswordInput, Select, TagsInput, TextInput } from '@mantine/core'

export type Field<T> = { name: keyof T & string; label: string; hint?: string; required?: boolean } & (
  | { kind: 'text' | 'password' | 'number' | 'degrees' | 'switch' }
  | { kind: 'choice' | 'choices'; options: { value: string; label: string }[] }
  /** Short words of one's own beside those that are offered. */
  | { kind: 'words'; offers: string[]; clean: (typed: string) => string }
)

interface Props<T> {
  field: Field<T>
  value: unknown
  onChange: (value: unknown) => void
}

export function FieldInput<T>({ field, value, onChange }: Props<T>) {
  const shared = {
    label: field.label,
    description: field.hint,
    required: field.required,
    'data-testid': `admin-field-${field.name}`,
  }
  switch (field.kind) {
    case 'text':
      return (
        <TextInput {...shared} onChange={(event) => onChange(event.currentTarget.value)} value={String(value ?? '')} />
      )
    case 'password':
      return (
        <PasswordInput
          {...shared}
          autoComplete="new-password"
          onChange={(event) => onChange(event.currentTarget.value)}
          value={String(value ?? '')}
        />
      )
    case 'number':
      return <NumberInput {...shared} onChange={onChange} value={typeof value === 'number' ? value : ''} />
    case 'degrees':
      return (
        <NumberInput
          {...shared}
          decimalScale={6}
          hideControls
          onChange={onChange}
          value={typeof value === 'number' ? value : ''}
        />
      )
    case 'switch':
      return (
        <Checkbox
          checked={value === true}
          data-testid={shared['data-testid']}
          label={field.label}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      )
    case 'choice':
      return (
        <Select
          {...shared}
          allowDeselect={false}
          data={field.options}
          onChange={onChange}
          value={typeof value === 'string' ? value : null}
        />
      )
    case 'words':
      return (
        <TagsInput
          {...shared}
          acceptValueOnBlur
          data={field.offers}
          onChange={(words) => onChange([...new Set(words.map(field.clean).filter(Boolean))])}
          splitChars={[',', ' ']}
          value={Array.isArray(value) ? (value as string[]) : []}
        />
      )
    case 'choices':
      return (
        <MultiSelect
          {...shared}
          data={field.options}
          onChange={onChange}
          value={Array.isArray(value) ? (value as string[]) : []}
        />
      )
  }
}
