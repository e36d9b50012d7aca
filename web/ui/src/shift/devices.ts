/** Which microphone, speaker and ringing device this workplace uses; remembered in this browser. */
import { Store } from '../util/store'

export interface Devices {
  microphone: string
  speaker: string
  ring: string
  /** Echo cancellation, noise suppression and gain control of the browser. */
  processing: boolean
}

const KEY = 'siaga.devices'
const DEFAULT: Devices = { microphone: '', speaker: '', ring: '', processing: true }

function read(): Devices {
  try {
    return { ...DEFAULT, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Devices>) }
  } catch {
    return DEFAULT
  }
}

export const devices = new Store<Devices>(read())

export function chooseDevices(change: Partial<Devices>) {
  devices.update((now) => ({ ...now, ...change }))
  localStorage.setItem(KEY, JSON.stringify(devices.get()))
}

/** The chosen microphone, or the system's if the chosen one is unplugged. */
export async function openMicrophone(): Promise<MediaStream> {
  const { microphone, processing } = devices.get()
  const wish = { echoCancellation: processing, noiseSuppression: processing, autoGainControl: processing }
  if (microphone) {
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: { ...wish, deviceId: { exact: microphone } } })
    } catch (error) {
      if (!(error instanceof DOMException) || !['OverconstrainedError', 'NotFoundError'].includes(error.name))
        throw error
    }
  }
  return navigator.mediaDevices.getUserMedia({ audio: wish })
}

export async function listDevices(): Promise<{ inputs: MediaDeviceInfo[]; outputs: MediaDeviceInfo[] }> {
  const all = await navigator.mediaDevices.enumerateDevices()
  const named = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind && device.deviceId)
  return { inputs: named('audioinput'), outputs: named('audiooutput') }
}
