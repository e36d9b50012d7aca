/**
 * The drafts of all reports open on this console: keeps them in the browser's storage at once, sends them after a pause in typing, and tries again
 * until the server has them. The rules are in `draft.ts`.
 */
import { ApiError } from '../api/client'
import type { ReportFields, ReportView, SaveReport } from '../api/types'
import { delayBefore } from '../live/backoff'
import { Store } from '../util/store'
import {
  beginSave,
  type Draft,
  edit,
  type FieldName,
  failed,
  heard,
  isDirty,
  overtaken,
  restore,
  type StoredDraft,
  takeTheirs,
  toStored,
} from './draft'

export interface DraftPorts {
  save: (report: string, body: SaveReport) => Promise<ReportView>
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  /** Whether the server would take a save now: not while the call only rings here. */
  maySave: (draft: Draft) => boolean
}

const PAUSE_MS = 300
const key = (report: string) => `siaga.draft.${report}`

export class Drafts {
  readonly store = new Store<Record<string, Draft>>({})
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>()
  private readonly sending = new Map<string, Promise<void>>()

  constructor(private readonly ports: DraftPorts) {}

  get = (report: string): Draft | undefined => this.store.get()[report]

  /** Opens a report; `server` is null if the server has no row yet. Opening again only tells it what the server has. */
  open(report: string, call: string, server: ReportView | null) {
    const known = this.get(report)
    if (known) {
      if (server) this.heard(server)
      return
    }
    this.put(restore(report, call, server, this.stored(report)))
    this.schedule(report, 0)
  }

  edit(report: string, change: Partial<ReportFields>) {
    const draft = this.get(report)
    if (!draft) return
    this.put(edit(draft, change))
    this.schedule(report, PAUSE_MS)
  }

  takeTheirs(report: string, name: FieldName) {
    const draft = this.get(report)
    if (!draft) return
    this.put(takeTheirs(draft, name))
    this.schedule(report, PAUSE_MS)
  }

  /** The server told of this report by itself. Reports that are not open here are not drafts. */
  heard(server: ReportView) {
    const draft = this.get(server.id)
    if (!draft) return
    this.put(heard(draft, server))
    if (isDirty(this.get(server.id) ?? draft)) this.schedule(server.id, PAUSE_MS)
  }

  /** Sends everything now; fails with the server's refusal if it could not be saved. */
  async flush(report: string): Promise<void> {
    clearTimeout(this.timers.get(report))
    for (let round = 0; round < 4; round += 1) {
      await this.sending.get(report)
      const draft = this.get(report)
      if (!draft || !isDirty(draft)) return
      await this.send(report, true)
    }
    throw new ApiError(409, 'report_changing', 'report_changing')
  }

  /** Forgets the report; its words are on the server or are not wanted. */
  close(report: string) {
    clearTimeout(this.timers.get(report))
    this.store.update(({ [report]: _gone, ...rest }) => rest)
    this.ports.storage.removeItem(key(report))
  }

  /** Tries at once what waits for the network or for the call to be answered. */
  wake() {
    for (const report of Object.keys(this.store.get())) this.schedule(report, 0)
  }

  private schedule(report: string, delay: number) {
    clearTimeout(this.timers.get(report))
    this.timers.set(
      report,
      setTimeout(() => void this.send(report, false), delay),
    )
  }

  private async send(report: string, insist: boolean): Promise<void> {
    const draft = this.get(report)
    const begun = draft && (insist || this.ports.maySave(draft)) ? beginSave(draft) : null
    if (!begun) return
    this.put(begun.draft)
    const sending = this.transmit(report, begun.save)
    const settled = sending.then(
      () => undefined,
      () => undefined,
    )
    this.sending.set(report, settled)
    void settled.then(() => {
      if (this.sending.get(report) === settled) this.sending.delete(report)
    })
    if (insist) return sending
    await settled
  }

  private async transmit(report: string, save: SaveReport) {
    try {
      this.heard(await this.ports.save(report, save))
    } catch (error) {
      const theirs = conflicting(error)
      const draft = this.get(report)
      if (!draft) return
      if (theirs) {
        this.put(overtaken(draft, theirs))
        if (isDirty(this.get(report) ?? draft)) this.schedule(report, PAUSE_MS)
        return
      }
      this.put(failed(draft, error instanceof ApiError && !error.retryable ? error : null))
      this.schedule(report, Math.max(PAUSE_MS, delayBefore(draft.failures + 1)))
      throw error
    }
  }

  private put(draft: Draft) {
    this.store.update((drafts) => ({ ...drafts, [draft.report]: draft }))
    try {
      if (isDirty(draft)) this.ports.storage.setItem(key(draft.report), JSON.stringify(toStored(draft)))
      else this.ports.storage.removeItem(key(draft.report))
    } catch {
      // A full or forbidden storage must not stop the typing; the server's copy is still on its way.
    }
  }

  private stored(report: string): StoredDraft | null {
    try {
      const text = this.ports.storage.getItem(key(report))
      const value = text ? (JSON.parse(text) as StoredDraft) : null
      return value?.fields && value.base ? value : null
    } catch {
      return null
    }
  }
}

/** The report that a 409 carries. */
function conflicting(error: unknown): ReportView | null {
  if (!(error instanceof ApiError) || error.status !== 409) return null
  const body = error.body as { report?: ReportView } | null
  return body?.report?.fields ? body.report : null
}
