/**
 * What an operator types to a caller, on its way: letters go out as they are typed, a few at a time, each batch under an id of its own, so that one
 * sent again is typed once. Whatever is changed in the box is sent as erased letters and new ones, as a text telephone does it.
 */
import { ApiError } from '../api/client'

/** Letters are gathered this long. */
const GATHER_MS = 300
const AGAIN_MS = 1500
/** Letters of one batch; the server takes 500. */
const BATCH = 200

const ERASE = '\b'

export interface Outbox {
  /** What the box holds: the line that is not ended yet. */
  box: string
  /** `waiting`: the server was not reached, and is tried again. `refused`: it takes no letters; the reason. */
  state: 'sent' | 'sending' | 'waiting' | { refused: unknown }
}

/** What the caller may not have yet, to be gone on with by another page. */
export interface Unsent {
  box: string
  ended: string[]
  sent: string[]
  batch: Batch | null
}

interface Batch {
  id: string
  text: string
  /** What the caller has of the line once this is typed. */
  after: string[]
}

export class Typist {
  private outbox: Outbox = { box: '', state: 'sent' }
  /** Lines that are ended and not sent yet, as letters. */
  private ended: string[] = []
  /** What the caller has of them and of the box. */
  private sent: string[] = []
  private batch: Batch | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private busy = false
  private working: Promise<void> = Promise.resolve()

  constructor(
    private readonly send: (id: string, text: string) => Promise<unknown>,
    private readonly show: (outbox: Outbox) => void,
    private readonly newId: () => string = () => crypto.randomUUID(),
    /** Told of all that is not sent, and of nothing once it is. */
    private readonly keep: (unsent: Unsent | null) => void = () => undefined,
    private left: Unsent | null = null,
  ) {}

  /** Goes on with what a page before this one could not send. A batch that may have arrived keeps its id, and so is typed once. */
  resume() {
    if (!this.left) return
    const { box, ended, sent, batch } = this.left
    this.left = null
    this.ended = ended
    this.sent = sent
    this.batch = batch
    this.tell({ box, state: 'waiting' })
    this.soon()
  }

  get now(): Outbox {
    return this.outbox
  }

  /** The box holds this now. Lines that were pasted are ended at once. */
  write(text: string) {
    const lines = readable(text).split('\n')
    const box = lines.pop() ?? ''
    for (const line of lines) this.ended.push(...line, '\n')
    this.tell({ ...this.outbox, box })
    this.soon()
  }

  /** Ends the line. */
  enter() {
    if (this.outbox.box === '' && this.sent.length === 0 && this.ended.length === 0) return
    this.write(`${this.outbox.box}\n`)
  }

  /** Whether the caller has all that was typed. */
  get isSent(): boolean {
    return !this.batch && [...this.ended, ...this.outbox.box].join('') === this.sent.join('')
  }

  /** Sends without waiting for more, as when the page goes away. Done once the server has all of it, or took none of it. */
  flush(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    if (!this.busy) this.working = this.work()
    return this.working
  }

  private soon() {
    if (this.busy || this.timer !== undefined) return
    this.timer = setTimeout(() => void this.flush(), GATHER_MS)
  }

  private async work() {
    this.busy = true
    while (this.next()) {
      const batch = this.batch as Batch
      try {
        this.tell({ ...this.outbox, state: this.outbox.state === 'waiting' ? 'waiting' : 'sending' })
        await this.send(batch.id, batch.text)
      } catch (error) {
        this.busy = false
        if (error instanceof ApiError && error.retryable) {
          this.tell({ ...this.outbox, state: 'waiting' })
          this.timer = setTimeout(() => void this.flush(), AGAIN_MS)
        } else {
          this.batch = null
          this.tell({ ...this.outbox, state: { refused: error } })
        }
        return
      }
      this.batch = null
      this.sent = batch.after
      // What is ended and typed is nobody's concern any more.
      const over = this.sent.lastIndexOf('\n') + 1
      this.sent = this.sent.slice(over)
      this.ended = this.ended.slice(over)
      this.tell({ ...this.outbox, state: 'sending' })
    }
    this.busy = false
    this.tell({ ...this.outbox, state: 'sent' })
  }

  /** The batch to be sent: the one before, if it is not known to be typed. */
  private next(): boolean {
    this.batch ??= difference(this.sent, [...this.ended, ...this.outbox.box], this.newId)
    return this.batch !== null
  }

  private tell(outbox: Outbox) {
    this.outbox = outbox
    this.show(outbox)
    const { ended, sent, batch } = this
    this.keep(this.isSent ? null : { box: outbox.box, ended, sent, batch })
  }
}

/** What has to be typed so that whoever has `sent` has `wanted`. */
function difference(sent: string[], wanted: string[], newId: () => string): Batch | null {
  let same = 0
  while (same < sent.length && sent[same] === wanted[same]) same += 1
  const erased = Math.min(sent.length - same, BATCH)
  const left = sent.slice(0, sent.length - erased)
  const added = left.length === same ? wanted.slice(same, same + BATCH - erased) : []
  if (erased + added.length === 0) return null
  return { id: newId(), text: ERASE.repeat(erased) + added.join(''), after: [...left, ...added] }
}

/** Letters and new lines; what nobody can read is left out. */
const readable = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/\t/g, ' ')
    .replace(/\p{Cc}/gu, (letter) => (letter === '\n' ? letter : ''))
