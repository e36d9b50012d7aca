/**
 * The operator's one media leg: microphone in, caller out, over one peer connection that stays up for the whole shift. The call itself lives on
 * the server; when this connection fails a new one takes its place and the call goes on.
 */
import { post } from '../api/client'
import { delayBefore } from '../live/backoff'
import { connection, live } from '../live/live'
import { me } from '../session/session'
import { Store } from '../util/store'
import { afterLoss } from './afterLoss'
import { play } from './audio'
import { devices, openMicrophone } from './devices'

export type LegPhase = 'off' | 'connecting' | 'connected' | 'lost' | 'elsewhere'

export interface MediaState {
  phase: LegPhase
  /** Why the microphone is not there, as a DOMException name; null if it is. */
  microphoneProblem: string | null
  muted: boolean
  microphone: MediaStream | null
  remote: MediaStream | null
}

export const media = new Store<MediaState>({
  phase: 'off',
  microphoneProblem: null,
  muted: false,
  microphone: null,
  remote: null,
})

const CONNECT_TIMEOUT_MS = 8_000
const LOOK_EVERY_MS = 200
const speaker = document.createElement('audio')
speaker.autoplay = true

let peer: RTCPeerConnection | null = null
let sender: RTCRtpSender | null = null
let wanted = false
let attaching: Promise<void> | null = null
let attempt = 0
let retry: ReturnType<typeof setTimeout> | undefined
let connectedAt = 0
/** The loss that is not made good yet. */
let loss: { at: number; closed: boolean } | null = null

// Two tabs of one browser must not take the leg from each other for ever: the one that attached last keeps it.
const tabs = new BroadcastChannel('siaga-media')
tabs.onmessage = () => {
  if (wanted) giveAway()
}

const set = (change: Partial<MediaState>) => media.update((now) => ({ ...now, ...change }))

/** How long the leg has been up, in milliseconds; 0 if it is not. */
export const connectedFor = () => (media.get().phase === 'connected' ? performance.now() - connectedAt : 0)

/** Attaches, or attaches anew; resolves when sound can flow, rejects if this attempt failed (more follow by themselves). */
export function attach(): Promise<void> {
  attaching ??= attachOnce().finally(() => {
    attaching = null
  })
  return attaching
}

async function attachOnce(): Promise<void> {
  wanted = true
  tabs.postMessage('attached')
  clearTimeout(retry)
  if (media.get().phase !== 'connected') set({ phase: 'connecting' })
  try {
    await ensureMicrophone()
    await connect()
    attempt = 0
    loss = null
  } catch (error) {
    // What became of the connection before says nothing of this attempt.
    loss = null
    lose()
    throw error
  }
}

/** Another page of this person has the headset now; only the person takes it back. */
function giveAway() {
  detach()
  set({ phase: 'elsewhere' })
}

export function detach() {
  wanted = false
  loss = null
  clearTimeout(retry)
  closePeer()
  for (const track of media.get().microphone?.getTracks() ?? []) track.stop()
  speaker.srcObject = null
  set({ phase: 'off', microphone: null, remote: null, muted: false })
}

export function setMuted(muted: boolean) {
  for (const track of media.get().microphone?.getAudioTracks() ?? []) track.enabled = !muted
  set({ muted })
}

/** Plays the caller, if the browser lets it. */
export async function playCaller(): Promise<void> {
  if (speaker.srcObject) await play(speaker)
}

async function ensureMicrophone() {
  const known = media.get().microphone
  if (known?.getAudioTracks().some((track) => track.readyState === 'live')) return
  try {
    const stream = await openMicrophone()
    const track = stream.getAudioTracks()[0]
    if (!track) throw new DOMException('no track', 'NotFoundError')
    track.onended = () => void swapMicrophone()
    track.enabled = !media.get().muted
    set({ microphone: stream, microphoneProblem: null })
  } catch (error) {
    set({ microphoneProblem: error instanceof DOMException ? error.name : 'unknown' })
    throw error
  }
}

/** Another microphone for the same connection: unplugged headset, changed choice. */
async function swapMicrophone(): Promise<void> {
  if (!wanted) return
  for (const track of media.get().microphone?.getTracks() ?? []) {
    track.onended = null
    track.stop()
  }
  set({ microphone: null })
  try {
    await ensureMicrophone()
    await sender?.replaceTrack(media.get().microphone?.getAudioTracks()[0] ?? null)
  } catch {
    // The problem is shown; the next change of devices tries again.
  }
}

async function connect(): Promise<void> {
  const track = media.get().microphone?.getAudioTracks()[0]
  if (!track) throw new DOMException('no track', 'NotFoundError')
  const old = peer
  const next = new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' })
  const transceiver = next.addTransceiver(track, { direction: 'sendrecv' })
  const codecs = RTCRtpReceiver.getCapabilities('audio')?.codecs ?? []
  // G.711 as on the trunk, so nothing is transcoded; comfort noise would leave gaps in recordings.
  const order = ['audio/pcma', 'audio/pcmu', 'audio/telephone-event']
  transceiver.setCodecPreferences(
    order.flatMap((type) =>
      codecs.filter((codec) => codec.mimeType.toLowerCase() === type && codec.clockRate === 8000),
    ),
  )
  next.ontrack = ({ track: remote }) => {
    const stream = new MediaStream([remote])
    speaker.srcObject = stream
    set({ remote: stream })
    void applySpeaker().then(playCaller)
  }
  await next.setLocalDescription(await next.createOffer())
  try {
    const { sdp } = await post<{ sdp: string }>('/shift/media', { sdp: next.localDescription?.sdp ?? '' })
    await next.setRemoteDescription({ type: 'answer', sdp })
    await connected(next)
  } catch (error) {
    next.close()
    throw error
  }
  if (!wanted) return next.close()
  peer = next
  sender = transceiver.sender
  window.siaga = { peer: next }
  if (old) close(old)
  next.onconnectionstatechange = () => {
    if (peer !== next) return
    if (next.connectionState === 'connected') set({ phase: 'connected' })
    if (next.connectionState === 'disconnected') set({ phase: 'lost' })
    if (next.connectionState === 'failed' || next.connectionState === 'closed') lose()
  }
  const { transport } = transceiver.sender
  if (transport)
    transport.onstatechange = () => {
      if (peer === next && transport.state === 'closed') lose({ closed: true })
    }
  connectedAt = performance.now()
  set({ phase: 'connected' })
}

function connected(next: RTCPeerConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('media timeout')), CONNECT_TIMEOUT_MS)
    next.onconnectionstatechange = () => {
      if (next.connectionState === 'connected') resolve()
      else if (next.connectionState === 'failed') reject(new Error('media failed'))
      else return
      clearTimeout(timer)
    }
  })
}

function lose({ closed = false } = {}) {
  if (!wanted) return
  set({ phase: 'lost' })
  loss = { at: loss?.at ?? performance.now(), closed: closed || (loss?.closed ?? false) }
  clearTimeout(retry)
  retry = setTimeout(goOn, delayBefore(attempt))
  attempt += 1
}

function goOn() {
  if (!loss || !wanted) return
  const mine = live.get().operators[me()?.id ?? '']
  const next = afterLoss({
    closed: loss.closed,
    lasts: performance.now() - loss.at,
    online: connection.get() === 'open',
    attached: mine ? mine.media_connected : null,
  })
  if (next === 'elsewhere') return giveAway()
  if (next === 'attach') return void attach().catch(() => undefined)
  retry = setTimeout(goOn, LOOK_EVERY_MS)
}

function close(old: RTCPeerConnection) {
  old.onconnectionstatechange = null
  old.close()
}

function closePeer() {
  if (peer) close(peer)
  peer = null
  sender = null
}

async function applySpeaker() {
  await speaker.setSinkId?.(devices.get().speaker).catch(() => speaker.setSinkId?.('').catch(() => undefined))
}

let chosen = devices.get()
devices.subscribe(() => {
  const before = chosen
  chosen = devices.get()
  if (before.microphone !== chosen.microphone || before.processing !== chosen.processing) void swapMicrophone()
  if (before.speaker !== chosen.speaker) void applySpeaker()
})

navigator.mediaDevices?.addEventListener('devicechange', async () => {
  if (!wanted) return
  const current = media.get().microphone?.getAudioTracks()[0]
  const all = await navigator.mediaDevices.enumerateDevices()
  const wish = chosen.microphone
  const back = wish && current?.getSettings().deviceId !== wish && all.some((device) => device.deviceId === wish)
  if (!current || current.readyState === 'ended' || back) void swapMicrophone()
  void applySpeaker()
})
