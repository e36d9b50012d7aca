/** A list of records with a form to add or change one. What a record is, its page says. */
import { Button, Modal, Table } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { type Field, FieldInput } from './fields'

interface Props<Row extends { id: string }, Form> {
  name: string
  rows: Row[]
  columns: { title: string; of: (row: Row) => ReactNode }[]
  fields: (row: Row | null) => Field<Form>[]
  /** The form's start: for a row, or null for a new one. */
  form: (row: Row | null) => Form
  save: (form: Form, row: Row | null) => Promise<unknown>
  actions?: (row: Row) => ReactNode
  /** Whether this person may add and change. */
  may?: boolean
}

export function Records<Row extends { id: string }, Form>({
  name,
  rows,
  columns,
  fields,
  form,
  save,
  actions,
  may = true,
}: Props<Row, Form>) {
  const t = useT()
  const cache = useQueryClient()
  const [open, setOpen] = useState<{ row: Row | null; form: Form } | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!open) return
    setBusy(true)
    setError(null)
    try {
      await save(open.form, open.row)
      await cache.invalidateQueries()
      setOpen(null)
    } catch (cause) {
      setError(sayError(cause))
    } finally {
      setBusy(false)
    }
  }
  const start = (row: Row | null) => {
    setError(null)
    setOpen({ row, form: form(row) })
  }

  return (
    <>
      {may && (
        <div>
          <Button data-testid={`add-${name}`} onClick={() => start(null)}>
            {t('admin.add')}
          </Button>
        </div>
      )}
      <Table stickyHeader>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ title }) => (
              <Table.Th key={title}>{title}</Table.Th>
            ))}
            <Table.Th>
              <span className="sg-visually-hidden">{t('admin.change')}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.id}>
              {columns.map(({ title, of }) => (
                <Table.Td key={title}>{of(row)}</Table.Td>
              ))}
              <Table.Td>
                <div className="sg-row">
                  {actions?.(row)}
                  {may && (
                    <Button
                      data-testid={`change-${row.id}`}
                      onClick={() => start(row)}
                      size="compact-sm"
                      variant="default"
                    >
                      {t('admin.change')}
                    </Button>
                  )}
                </div>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Modal
        closeButtonProps={{ 'aria-label': t('page.close') }}
        onClose={() => setOpen(null)}
        opened={open !== null}
        title={t(open?.row ? 'admin.change' : 'admin.add')}
      >
        {open && (
          <form className="sg-stack" onSubmit={submit}>
            {fields(open.row).map((field) => (
              <FieldInput
                field={field}
                key={field.name}
                onChange={(value) => setOpen({ ...open, form: { ...open.form, [field.name]: value } })}
                value={open.form[field.name]}
              />
            ))}
            {error && (
              <div className="sg-error" role="alert">
                {error}
              </div>
            )}
            <Button data-testid="admin-save" loading={busy} type="submit">
              {t('admin.save')}
            </Button>
          </form>
        )}
      </Modal>
    </>
  )
}
