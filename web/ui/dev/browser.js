// A Chromium for looking at the console, with a second page that plays the server's side of the headset.
import { chromium } from 'playwright-core'

const FLAGS = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
]

export async function openBrowser() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })
  const far = await (await browser.newContext()).newPage()
  /** Answers the console's offer with a tone of 440 Hz. The newest connection takes the place of the one before, as at the server. */
  const answer = (sdp) =>
    far.evaluate(async (offer) => {
      const peer = new RTCPeerConnection()
      globalThis.before?.close()
      globalThis.before = peer
      const context = new AudioContext()
      const tone = new OscillatorNode(context, { frequency: 440 })
      const out = new MediaStreamAudioDestinationNode(context)
      tone.connect(new GainNode(context, { gain: 0.2 })).connect(out)
      tone.start()
      await peer.setRemoteDescription({ type: 'offer', sdp: offer })
      peer.addTrack(out.stream.getAudioTracks()[0])
      await peer.setLocalDescription(await peer.createAnswer())
      if (peer.iceGatheringState !== 'complete')
        await new Promise((done) => {
          peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && done()
        })
      return peer.localDescription.sdp
    }, sdp)
  return { browser, answer }
}
