/** Unsent words of a report as plain text, to be copied or added to the incident as a note. Pure. */
import type { ReportFields } from '../api/types'
import { type Draft, type FieldName, unsentWords } from './draft'

/** What the server takes as one note. */
const NOTE_CHARS = 5000

/** One line per field that the server does not have: `Place: Nagoya`. */
export function sayUnsent(
  draft: Draft,
  name: (field: FieldName) => string,
  typeName: (id: string) => string = () => '',
): string {
  return unsentWords(draft)
    .flatMap((field) => {
      const text = say(field, draft.fields, typeName)
      return text ? [`${name(field)}: ${text}`] : []
    })
    .join('\n')
}

function say(field: FieldName, fields: ReportFields, typeName: (id: string) => string): string {
  if (field === 'position') return fields.position ? `${fields.position.latitude}, ${fields.position.longitude}` : ''
  if (field === 'incident_type') return fields.incident_type ? typeName(fields.incident_type) : ''
  return fields[field].trim()
}

/** The text in pieces that the server takes, none lost. */
export function inNotes(text: string): string[] {
  const notes: string[] = []
  for (let rest = [...text]; rest.length > 0; rest = rest.slice(NOTE_CHARS))
    notes.push(rest.slice(0, NOTE_CHARS).join(''))
  return notes.filter((note) => note.trim())
}
