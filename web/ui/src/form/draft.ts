/**
 * One report being typed, and how saves, answers and other people's saves change it. Pure: no clock, no network.
 *
 * `base` is what the server is known to have, `fields` what the operator sees. Whatever differs between them is unsent. When the server turns
 * out to have something newer, each field is merged by itself: the operator's unsent words stay, other fields follow the server, and where both
 * changed the same field the other text is offered, never put in.
 */
import type { ApiError } from '../api/client'
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
  /** Saves that were sent on top of `base`: one whose answer was lost may be what the server has next. */
  sent: SaveReport[]
  /** What the console put into the form by itself; it is nobody's words. */
  filled: Partial<ReportFields>
  /** Failed attempts since the last success. */
  failures: number
  /** Why the last attempt failed, if trying again alone will not help. */
  refusal: ApiError | null
  /** What another person saved in a field that the operator has changed too. */
  theirs: Partial<ReportFields>
}

const SENT_BOUND = 8

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
    filled: {},
    failures: 0,
    refusal: null,
    theirs: {},
  }
}

export function edit(draft: Draft, change: Partial<ReportFields>): Draft {
  const theirs = { ...draft.theirs }
  for (const name of Object.keys(change) as FieldName[]) delete theirs[name]
  return { ...draft, fields: { ...draft.fields, ...change }, theirs }
}

/** The console fills fields in, as from what the network says of the caller. */
export function fill(draft: Draft, change: Partial<ReportFields>): Draft {
  return { ...edit(draft, change), filled: { ...draft.filled, ...change } }
}

const unsent = (draft: Draft, name: FieldName) => !same(draft.fields[name], draft.base.fields[name])

export const isDirty = (draft: Draft): boolean => FIELD_NAMES.some((name) => unsent(draft, name))

/** The fields with words of the operator's own that the server does not have. */
export const unsentWords = (draft: Draft): FieldName[] =>
  FIELD_NAMES.filter(
    (name) => unsent(draft, name) && !(name in draft.filled && same(draft.fields[name], draft.filled[name])),
  )

/** Nothing of what happened is in it; a number and a name alone are not. */
export const hasNoWords = ({ fields }: Draft): boolean =>
  !(fields.place + fields.event + fields.details).trim() && !fields.position && !fields.incident_type

export function saveState(draft: Draft): SaveState {
  if (!isDirty(draft) && !draft.inFlight) return 'saved'
  if (draft.failures > 0) return 'retrying'
  return draft.inFlight ? 'saving' : 'unsaved'
}

/**
 * The next save, or null if there is nothing to send or one is on its way. Its revision is the next after `base`, however often it is tried: the
 * server takes at most one save on top of a revision.
 */
export function beginSave(draft: Draft): { draft: Draft; save: SaveReport } | null {
  if (draft.inFlight || !isDirty(draft)) return null
  const base = draft.base.revision
  const save: SaveReport = { call: draft.call, base, revision: base + 1, fields: draft.fields }
  return { draft: { ...draft, inFlight: save, sent: remember(draft.sent, save) }, save }
}

/** Keeps the first and the latest: when a network dies, the first may have come through and the last ones may again. */
function remember(sent: SaveReport[], save: SaveReport): SaveReport[] {
  const others = sent.filter((other) => !sameFields(other.fields, save.fields))
  const more = [...others, save]
  return more.length > SENT_BOUND ? [...more.slice(0, 1), ...more.slice(2)] : more
}

/** The server told by itself what it has now. */
export function heard(draft: Draft, report: ReportView): Draft {
  return report.revision > draft.base.revision ? rebase(draft, report) : draft
}

/** The server took the save that was on its way, and says what it made of it: it may cut what is too long for it. */
export function saved(draft: Draft, report: ReportView): Draft {
  const sent = draft.inFlight?.fields
  const next = heard({ ...draft, inFlight: null, failures: 0, refusal: null }, report)
  if (!sent) return next
  const fields = { ...next.fields }
  const theirs = { ...next.theirs }
  for (const name of FIELD_NAMES) {
    if (same(report.fields[name], sent[name]) || !same(fields[name], sent[name])) continue
    assign(fields, name, next.base.fields[name])
    delete theirs[name]
  }
  return { ...next, fields, theirs }
}

/**
 * Refused because the server has something else than what the save was made on: nothing has failed. That may be our own save whose answer was
 * lost, another person's, or even an older report after the server's data was restored; the next save goes on top of it.
 */
export function overtaken(draft: Draft, report: ReportView): Draft {
  const settled = { ...draft, inFlight: null, failures: 0, refusal: null }
  const base = draft.inFlight?.base ?? draft.base.revision
  return report.revision < base ? rebase(settled, report) : heard(settled, report)
}

/** Puts the draft on top of what the server has, field by field. */
function rebase(draft: Draft, report: ReportView): Draft {
  const fields = { ...draft.fields }
  const theirs = { ...draft.theirs }
  for (const name of FIELD_NAMES) {
    const [mine, server] = [draft.fields[name], report.fields[name]]
    // Our own words coming back: what the operator typed since is not in conflict with them.
    const own = draft.sent.some((save) => same(save.fields[name], server))
    const old = own ? server : draft.base.fields[name]
    if (same(mine, server)) delete theirs[name]
    else if (same(mine, old)) assign(fields, name, server)
    else if (!same(old, server)) assign(theirs, name, server)
  }
  // What was sent on top of the former base has come through by now or never will.
  return { ...draft, fields, theirs, sent: [], base: { revision: report.revision, fields: report.fields } }
}

/** No answer, or one that says to try again later. */
export function failed(draft: Draft, refusal: ApiError | null = null): Draft {
  return { ...draft, inFlight: null, failures: draft.failures + 1, refusal }
}

/** What is written to the browser's own storage, so that a reload or a crash loses nothing. */
export interface StoredDraft {
  call: string
  fields: ReportFields
  base: { revision: number; fields: ReportFields }
  sent: SaveReport[]
  filled: Partial<ReportFields>
}

export const toStored = ({ call, fields, base, sent, filled }: Draft): StoredDraft => ({
  call,
  fields,
  base,
  sent,
  filled,
})

/** A draft after a reload: unsent local words on top of what the server has. */
export function restore(report: string, call: string, server: ReportView | null, stored: StoredDraft | null): Draft {
  if (!stored) return newDraft(report, call, server)
  const local: Draft = {
    ...newDraft(report, call, null),
    fields: { ...EMPTY_FIELDS, ...stored.fields },
    base: { revision: stored.base.revision, fields: { ...EMPTY_FIELDS, ...stored.base.fields } },
    sent: stored.sent ?? [],
    filled: stored.filled ?? {},
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
