/**
 * Live pictures of one camera in a video element: fragments from a WebSocket into Media Source Extensions, close behind the present, and again
 * after a loss.
 */
import { delayBefore } from '../live/backoff'

export type LiveVideoState = 'connecting' | 'playing' | 'lost' | 'unsupported'

/** Seconds kept behind the present; what a viewer sees is at most so old. */
const KEEP_S = 20
const BEHIND_S = 1.2
const QUEUE_BOUND = 100

export class LiveVideo {
  private socket: WebSocket | null = null
  private buffer: SourceBuffer | null = null
  private queue: ArrayBuffer[] = []
  private retry: ReturnType<typeof setTimeout> | undefined
  private attempt = 0
  private stopped = false

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly url: string,
    private readonly onState: (state: LiveVideoState) => void,
  ) {
    this.open()
  }

  stop() {
    this.stopped = true
    clearTimeout(this.retry)
    this.close()
  }

  private open() {
    this.close()
    this.onState(this.attempt === 0 ? 'connecting' : 'lost')
    const source = new MediaSource()
    const blob = URL.createObjectURL(source)
    this.video.src = blob
    source.onsourceopen = () => {
      URL.revokeObjectURL(blob)
      if (!this.stopped && !this.socket) this.connect(source)
    }
  }

  private connect(source: MediaSource) {
    const socket = new WebSocket(this.url)
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket) return
      if (typeof data === 'string') return this.begin(source, data)
      this.queue.push(data as ArrayBuffer)
      // A tab that could not keep up starts again rather than show old pictures.
      if (this.queue.length > QUEUE_BOUND) return this.again()
      this.pump()
    }
    socket.onclose = () => {
      if (this.socket === socket) this.again()
    }
  }

  private begin(source: MediaSource, text: string) {
    const codec = readCodec(text)
    const type = `video/mp4; codecs="${codec}"`
    if (!codec || !MediaSource.isTypeSupported(type)) {
      this.stop()
      this.onState('unsupported')
      return
    }
    if (this.buffer || source.readyState !== 'open') return
    const buffer = source.addSourceBuffer(type)
    buffer.onupdateend = () => this.settled()
    this.buffer = buffer
    this.pump()
  }

  private pump() {
    const { buffer } = this
    const next = this.queue[0]
    if (!buffer || buffer.updating || !next) return
    try {
      buffer.appendBuffer(next)
      this.queue.shift()
    } catch {
      this.again()
    }
  }

  private settled() {
    const { video, buffer } = this
    const ranges = video.buffered
    const last = ranges.length - 1
    if (buffer && last >= 0) {
      const [start, end] = [ranges.start(last), ranges.end(last)]
      if (video.currentTime < start || end - video.currentTime > BEHIND_S)
        video.currentTime = Math.max(start, end - 0.2)
      if (video.paused) void video.play().catch(() => undefined)
      this.attempt = 0
      this.onState('playing')
      if (!buffer.updating && ranges.start(0) < end - KEEP_S * 2) {
        buffer.remove(0, end - KEEP_S)
        return
      }
    }
    this.pump()
  }

  private again() {
    this.close()
    if (this.stopped) return
    this.onState('lost')
    this.retry = setTimeout(() => this.open(), Math.max(1000, delayBefore(this.attempt)))
    this.attempt += 1
  }

  private close() {
    const { socket } = this
    this.socket = null
    socket?.close()
    this.queue = []
    this.buffer = null
    if (this.video.src) {
      this.video.removeAttribute('src')
      this.video.load()
    }
  }
}

function readCodec(text: string): string {
  try {
    const { codec } = JSON.parse(text) as { codec?: unknown }
    return typeof codec === 'string' ? codec : ''
  } catch {
    return ''
  }
}
