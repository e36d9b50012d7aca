/**
 * One report being typed, and how saves, answers and other people's saves change it. Pure: no clock, no network.
 *
 * `base` is what the server is known to have, `fields` what the operator sees. Whatever differs between them is unsent. When the server turns
 * out to have something newer, each field is merged by itself: the operator's unsent words stay, other fields follow the server, and where both
 * changed the same field the other text is offered, never put in.
 */
import { EMPTY_FIELDS, type ReportFields, type ReportView, type SaveReport } from '../api/types'

export type FieldName = keyof ReportFields
export const FIELD_NAMES = Object.keys(EMPTY_FIELDS) as FieldName[]

export interface Draft {
  report: string
  call: string
  fields: ReportFields
  base: { revision: number; fields: ReportFields }
  /** The save on its way. */
  inFlight: SaveReport | null
  /** The latest saves that were sent, to tell our own words coming back late from another person's. */
  sent: SaveReport[]
  /** The highest revision ever used for a save, whether or not an answer came. */
  lastRevision: number
  /** Failed attempts since the last success. */
  failures: number
  /** What another person saved in a field that the operator has changed too. */
  theirs: Partial<ReportFields>
}

const SENT_BOUND = 4

export type SaveState = 'saved' | 'saving' | 'unsaved' | 'retrying'

export function newDraft(report: string, call: string, server: ReportView | null): Draft {
  const fields = server?.fields ?? EMPTY_FIELDS
  const revision = server?.revision ?? 0
  return {
    report,
    call,
    fields,
    base: { revision, fields },
    inFlight: null,
    sent: [],
    lastRevision: revision,
    failures: 0,
    theirs: {},
  }
}

export function edit(draft: Draft, change: Partial<ReportFields>): Draft {
  const theirs = { ...draft.theirs }
  for (const name of Object.keys(change) as FieldName[]) delete theirs[name]
  return { ...draft, fields: { ...draft.fields, ...change }, theirs }
}

export const isDirty = (draft: Draft): boolean =>
  FIELD_NAMES.some((name) => !same(draft.fields[name], draft.base.fields[name]))

export function saveState(draft: Draft): SaveState {
  if (!isDirty(draft) && !draft.inFlight) return 'saved'
  if (draft.failures > 0) return 'retrying'
  return draft.inFlight ? 'saving' : 'unsaved'
}

/** The next save, or null if there is nothing to send or one is on its way. */
export function beginSave(draft: Draft): { draft: Draft; save: SaveReport } | null {
  if (draft.inFlight || !isDirty(draft)) return null
  const revision = Math.max(draft.lastRevision, draft.base.revision) + 1
  const save: SaveReport = { call: draft.call, revision, fields: draft.fields }
  const sent = [...draft.sent, save].slice(-SENT_BOUND)
  return { draft: { ...draft, inFlight: save, sent, lastRevision: revision }, save }
}

/** The server took the save, or told of a newer report (409, live event): `report` is what it has now. */
export function heard(draft: Draft, report: ReportView): Draft {
  const answered = draft.inFlight !== null && report.revision >= draft.inFlight.revision
  const settled = answered ? { inFlight: null, failures: 0 } : {}
  if (report.revision <= draft.base.revision) return { ...draft, ...settled }
  // Our own save coming back: what the operator typed since is not in conflict with it.
  const own = draft.sent.find((save) => save.revision === report.revision && sameFields(save.fields, report.fields))
  const before = own?.fields ?? draft.base.fields
  const fields = { ...draft.fields }
  const theirs = { ...draft.theirs }
  for (const name of FIELD_NAMES) {
    const [mine, old, server] = [draft.fields[name], before[name], report.fields[name]]
    if (same(mine, server)) delete theirs[name]
    else if (same(mine, old)) assign(fields, name, server)
    else if (!same(old, server)) assign(theirs, name, server)
  }
  return {
    ...draft,
    ...settled,
    fields,
    theirs,
    base: { revision: report.revision, fields: report.fields },
    lastRevision: Math.max(draft.lastRevision, report.revision),
  }
}

/** No answer, or one that says to try again later. The next save carries a higher revision. */
export function failed(draft: Draft): Draft {
  return { ...draft, inFlight: null, failures: draft.failures + 1 }
}

/** What is written to the browser's own storage, so that a reload or a crash loses nothing. */
export interface StoredDraft {
  call: string
  fields: ReportFields
  base: { revision: number; fields: ReportFields }
  lastRevision: number
  sent: SaveReport[]
}

export const toStored = (draft: Draft): StoredDraft => ({
  call: draft.call,
  fields: draft.fields,
  base: draft.base,
  lastRevision: draft.lastRevision,
  sent: draft.sent,
})

/** A draft after a reload: unsent local words on top of what the server has. */
export function restore(report: string, call: string, server: ReportView | null, stored: StoredDraft | null): Draft {
  if (!stored) return newDraft(report, call, server)
  const local: Draft = {
    ...newDraft(report, call, null),
    fields: { ...EMPTY_FIELDS, ...stored.fields },
    base: { revision: stored.base.revision, fields: { ...EMPTY_FIELDS, ...stored.base.fields } },
    lastRevision: stored.lastRevision,
    sent: stored.sent ?? [],
  }
  return server ? heard(local, server) : local
}

export function takeTheirs(draft: Draft, name: FieldName): Draft {
  return name in draft.theirs ? edit(draft, { [name]: draft.theirs[name] }) : draft
}

function sameFields(a: ReportFields, b: ReportFields): boolean {
  return FIELD_NAMES.every((name) => same(a[name], b[name]))
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
}

function assign<K extends FieldName>(fields: Partial<ReportFields>, name: K, value: ReportFields[K]) {
  fields[name] = value
}
