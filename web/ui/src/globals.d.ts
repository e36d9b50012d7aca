export {}

declare global {
  interface Window {
    /** For diagnostics only. */
    siaga?: { peer: RTCPeerConnection }
  }
}
