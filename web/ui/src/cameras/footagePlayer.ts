/** Plays a range of footage in a video element: segments are read as they are needed, each placed at its own time. */
import { ApiError, fileUrl, get } from '../api/client'
import type { FootageIndex } from '../api/types'
import { nextNeeded, origin, type Placed, place, skipGap, stretches } from './footageTimeline'

export interface FootageState {
  /** The time of the player's zero. */
  from: string
  duration: number
  stretches: { start: number; end: number }[]
  growing: boolean
  problem: 'none' | 'empty' | 'unsupported' | 'failed'
}

const REFRESH_MS = 5_000
const BEHIND_S = 60

export class FootagePlayer {
  private placed: Placed[] = []
  private readonly loaded = new Set<number>()
  private buffer: SourceBuffer | null = null
  private source: MediaSource | null = null
  private zero = ''
  private loading = false
  private stopped = false
  private refresh: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly id: string,
    private readonly range: { from: string; to: string },
    private readonly onState: (state: FootageState) => void,
  ) {
    for (const event of ['timeupdate', 'seeking', 'waiting'] as const) video.addEventListener(event, this.need)
    void this.read()
  }

  stop() {
    this.stopped = true
    clearTimeout(this.refresh)
    for (const event of ['timeupdate', 'seeking', 'waiting'] as const) this.video.removeEventListener(event, this.need)
    this.video.removeAttribute('src')
    this.video.load()
  }

  private async read() {
    try {
      const index = await get<FootageIndex>(`/footage/${this.id}`)
      if (this.stopped) return
      this.zero ||= index.segments.length > 0 ? origin(index, this.range.from) : ''
      this.placed = this.zero ? place(index.segments, this.zero) : []
      this.tell(index)
      if (index.codec && this.placed.length > 0) this.attach(index.codec)
      if (index.growing || this.placed.length === 0) this.refresh = setTimeout(() => void this.read(), REFRESH_MS)
      this.need()
    } catch (error) {
      if (this.stopped) return
      if (error instanceof ApiError && !error.retryable && error.status !== 404) return this.fail('failed')
      this.refresh = setTimeout(() => void this.read(), REFRESH_MS)
    }
  }

  private attach(codec: string) {
    if (this.source) return
    const type = `video/mp4; codecs="${codec}"`
    if (!MediaSource.isTypeSupported(type)) return this.fail('unsupported')
    const source = new MediaSource()
    this.source = source
    const blob = URL.createObjectURL(source)
    this.video.src = blob
    source.onsourceopen = () => {
      URL.revokeObjectURL(blob)
      this.buffer = source.addSourceBuffer(type)
      this.buffer.onupdateend = this.need
      source.duration = this.duration()
      const first = this.placed[0]
      if (first) this.video.currentTime = first.start + 0.01
      void this.video.play().catch(() => undefined)
      this.need()
    }
  }

  private readonly need = () => {
    const { buffer, source, video } = this
    if (!buffer || buffer.updating || source?.readyState !== 'open' || this.loading || this.stopped) return
    const time = video.currentTime
    const skip = skipGap(this.placed, time)
    if (skip !== null && !video.seeking) {
      video.currentTime = skip + 0.01
      return
    }
    const next = nextNeeded(this.placed, time, this.loaded)
    if (next) void this.load(next, buffer)
    else this.trim(buffer, time)
  }

  private async load(segment: Placed, buffer: SourceBuffer) {
    this.loading = true
    try {
      const response = await fetch(fileUrl(`/footage/${this.id}/segments/${segment.n}`))
      if (!response.ok) throw new Error(String(response.status))
      const bytes = await response.arrayBuffer()
      this.loaded.add(segment.n)
      this.loading = false
      if (this.stopped || this.source?.readyState !== 'open') return
      if (this.source.duration < segment.end) this.source.duration = this.duration()
      buffer.timestampOffset = segment.start
      buffer.appendBuffer(bytes)
    } catch {
      // A segment that cannot be read is jumped over like a gap.
      this.loading = false
      this.loaded.add(segment.n)
      this.placed = this.placed.filter(({ n }) => n !== segment.n)
      this.need()
    }
  }

  private trim(buffer: SourceBuffer, time: number) {
    if (this.video.buffered.length === 0 || this.video.buffered.start(0) > time - BEHIND_S * 2) return
    const cut = time - BEHIND_S
    for (const { n, end } of this.placed) if (end < cut + 20) this.loaded.delete(n)
    buffer.remove(0, cut)
  }

  private duration(): number {
    return Math.max(...this.placed.map(({ end }) => end), (Date.parse(this.range.to) - Date.parse(this.zero)) / 1000)
  }

  private tell(index: FootageIndex) {
    this.onState({
      from: this.zero || this.range.from,
      duration: this.zero ? this.duration() : (Date.parse(this.range.to) - Date.parse(this.range.from)) / 1000,
      stretches: stretches(this.placed),
      growing: index.growing,
      problem: this.placed.length === 0 ? 'empty' : 'none',
    })
  }

  private fail(problem: FootageState['problem']) {
    this.onState({ from: this.range.from, duration: 0, stretches: [], growing: false, problem })
  }
}
