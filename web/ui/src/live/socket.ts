/**
 * The live socket: opens it, reads events, and opens it again after a loss. It knows nothing of what the events mean.
 *
 * Browsers do not show WebSocket pings to a page, so a socket whose network died silently is found by a probe of `/healthz`.
 */
import type { LiveEvent } from '../api/types'
import { delayBefore } from './backoff'

export type Connection = 'connecting' | 'open' | 'lost'

export interface LiveSocketOptions {
  url: () => string
  onEvent: (event: LiveEvent) => void
  onConnection: (connection: Connection) => void
  /** Called when several attempts failed: the session may have ended. */
  onTrouble: () => void
  probe?: () => Promise<boolean>
}

const PROBE_EVERY_MS = 10_000

export class LiveSocket {
  private socket: WebSocket | null = null
  private attempt = 0
  private retry: ReturnType<typeof setTimeout> | undefined
  private prober: ReturnType<typeof setInterval> | undefined
  private stopped = true

  constructor(private readonly options: LiveSocketOptions) {}

  start() {
    if (!this.stopped) return
    this.stopped = false
    this.attempt = 0
    window.addEventListener('online', this.now)
    window.addEventListener('offline', this.lost)
    this.prober = setInterval(() => void this.check(), PROBE_EVERY_MS)
    this.open()
  }

  stop() {
    this.stopped = true
    clearTimeout(this.retry)
    clearInterval(this.prober)
    window.removeEventListener('online', this.now)
    window.removeEventListener('offline', this.lost)
    this.drop()
  }

  private open() {
    clearTimeout(this.retry)
    this.drop()
    if (this.attempt === 0) this.options.onConnection('connecting')
    const socket = new WebSocket(this.options.url())
    this.socket = socket
    socket.onmessage = (message) => {
      if (this.socket !== socket || typeof message.data !== 'string') return
      const event = parse(message.data)
      if (!event) return
      if (event.event === 'snapshot') {
        this.attempt = 0
        this.options.onConnection('open')
      }
      this.options.onEvent(event)
    }
    socket.onclose = () => {
      if (this.socket === socket) this.again()
    }
  }

  private again() {
    if (this.stopped) return
    this.drop()
    this.options.onConnection('lost')
    if (this.attempt > 0 && this.attempt % 2 === 0) this.options.onTrouble()
    this.retry = setTimeout(() => this.open(), delayBefore(this.attempt))
    this.attempt += 1
  }

  private drop() {
    const socket = this.socket
    this.socket = null
    socket?.close()
  }

  private readonly now = () => {
    this.attempt = 0
    this.open()
  }

  private readonly lost = () => this.again()

  private async check() {
    if (this.socket?.readyState !== WebSocket.OPEN || !this.options.probe) return
    const socket = this.socket
    if (!(await this.options.probe()) && this.socket === socket) this.again()
  }
}

function parse(text: string): LiveEvent | null {
  try {
    const value = JSON.parse(text) as LiveEvent
    return typeof value?.event === 'string' ? value : null
  } catch {
    return null
  }
}
