/**
 * The drafts of all reports open on this console: keeps them in the browser's storage at once, sends them after a pause in typing, and tries again
 * until the server has them. A draft is one person's: nobody else who signs in at this computer sees or sends it. The rules are in `draft.ts`.
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
  fill,
  heard,
  isDirty,
  overtaken,
  restore,
  saved,
  takeTheirs,
  unsentWords,
} from './draft'
import { DraftShelf } from './draftShelf'

export interface DraftPorts {
  save: (report: string, body: SaveReport) => Promise<ReportView>
  storage: Storage
  /** Whether the server would take a save now: not while the call only rings here. */
  maySave: (draft: Draft) => boolean
  /** The server took the draft for another person's report. */
  forbidden?: (draft: Draft) => void
}

const PAUSE_MS = 300

export class Drafts {
  readonly store = new Store<Record<string, Draft>>({})
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>()
  private readonly sending = new Map<string, Promise<void>>()
  private readonly shelf: DraftShelf
  private owner: string | null = null

  constructor(private readonly ports: DraftPorts) {
    this.shelf = new DraftShelf(ports.storage)
  }

  /** From here on the drafts are this person's; those of another are out of sight, and stay in the storage. */
  enter(user: string) {
    if (this.owner === user) return
    this.empty()
    this.owner = user
    this.shelf.tidy(Date.now())
  }

  /** Nobody is signed in: nothing is shown, kept in memory or sent any more. */
  empty() {
    for (const timer of this.timers.values()) clearTimeout(timer)
    this.timers.clear()
    this.sending.clear()
    this.owner = null
    this.store.set({})
  }

  get = (report: string): Draft | undefined => this.store.get()[report]

  /** What this person left unsent in this browser. */
  shelved = (): { report: string; call: string }[] => (this.owner ? this.shelf.of(this.owner) : [])

  /** Opens a report; `server` is null if the server has no row yet. Opening again only tells it what the server has. */
  open(report: string, call: string, server: ReportView | null) {
    if (!this.owner) return
    const known = this.get(report)
    if (known) {
      if (server) this.heard(server)
      return
    }
    this.put(restore(report, call, server, this.shelf.read(this.owner, report)))
    this.schedule(report, 0)
  }

  edit(report: string, change: Partial<ReportFields>) {
    const draft = this.get(report)
    if (!draft) return
    this.put(edit(draft, change))
    this.schedule(report, PAUSE_MS)
  }

  /** As `edit`, for what the console knows by itself: it is sent, and not kept if nobody takes the call here. */
  fill(report: string, change: Partial<ReportFields>) {
    const draft = this.get(report)
    if (!draft) return
    this.put(fill(draft, change))
    this.schedule(report, PAUSE_MS)
  }

  takeTheirs(report: string, name: FieldName) {
    const draft = this.get(report)
    if (!draft) return
    this.put(takeTheirs(draft, name))
    this.schedule(report, PAUSE_MS)
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

  /** Flushes every report that the server would take now; fails with the first refusal after all were tried. */
  async flushAll(): Promise<void> {
    const open = Object.values(this.store.get()).filter(this.ports.maySave)
    const done = await Promise.allSettled(open.map(({ report }) => this.flush(report)))
    for (const one of done) if (one.status === 'rejected') throw one.reason
  }

  /** Forgets the report if the server has all of it; else it stays, and the answer is false. */
  close(report: string): boolean {
    const draft = this.get(report)
    if (draft && isDirty(draft)) return false
    this.discard(report)
    return true
  }

  /** Forgets the report unless the operator wrote something that the server does not have. */
  letGo(report: string): boolean {
    const draft = this.get(report)
    if (draft && unsentWords(draft).length > 0) return false
    this.discard(report)
    return true
  }

  /** Forgets the report with all unsent words: only for a person who said so, or whose words are kept elsewhere now. */
  discard(report: string) {
    clearTimeout(this.timers.get(report))
    this.timers.delete(report)
    this.store.update(({ [report]: _gone, ...rest }) => rest)
    if (this.owner) this.shelf.remove(this.owner, report)
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
    // Another person may have signed in, or the report been put away, by the time the answer comes.
    const waiting = () => {
      const draft = this.get(report)
      return draft?.inFlight === save ? draft : undefined
    }
    try {
      const answer = await this.ports.save(report, save)
      const draft = waiting()
      if (draft) this.settle(saved(draft, answer))
    } catch (error) {
      const draft = waiting()
      if (!draft) return
      const stored = conflicting(error)
      if (stored) return this.settle(overtaken(draft, stored))
      this.put(failed(draft, error instanceof ApiError && !error.retryable ? error : null))
      // Not this person's report any more: only a change of the call makes another attempt worth while.
      if (error instanceof ApiError && error.status === 403) this.ports.forbidden?.(draft)
      else this.schedule(report, Math.max(PAUSE_MS, delayBefore(draft.failures + 1)))
      throw error
    }
  }

  /** The server told of this report by itself. Reports that are not open here are not drafts. */
  heard(server: ReportView) {
    const draft = this.get(server.id)
    if (draft) this.settle(heard(draft, server))
  }

  private settle(draft: Draft) {
    this.put(draft)
    if (isDirty(draft)) this.schedule(draft.report, PAUSE_MS)
  }

  private put(draft: Draft) {
    const before = this.get(draft.report)
    this.store.update((drafts) => ({ ...drafts, [draft.report]: draft }))
    if (!this.owner) return
    if (isDirty(draft)) this.shelf.write(this.owner, draft, Date.now())
    // What was clean here before may be the unsent words of another tab.
    else if (!before || isDirty(before)) this.shelf.remove(this.owner, draft.report)
  }
}

/** The report that a 409 carries. */
function conflicting(error: unknown): ReportView | null {
  if (!(error instanceof ApiError) || error.status !== 409) return null
  const body = error.body as { report?: ReportView } | null
  return body?.report?.fields ? body.report : null
}
