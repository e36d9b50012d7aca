/**
 * What a page does that has lost the headset's connection. Pure.
 *
 * The newest page of a person has the headset, on whatever machine it is: a page that was replaced must not take it back by itself, or two machines
 * would take it from each other for ever. The server closes the connection that it replaces, and tells every page whether the person has a headset.
 */
export interface Loss {
  /** The server closed the connection; else the network lost it. */
  closed: boolean
  /** Milliseconds since. */
  lasts: number
  /** Whether what the server says of the person is heard at the moment. */
  online: boolean
  /** Whether the person has a headset connected, as the server says; null while the server knows of no shift. */
  attached: boolean | null
}

/** Until then the server's word may be older than the loss. */
const SETTLED_MS = 1000
/** Another page that takes the headset is connected by then, or it has failed. */
const TAKEN_MS = 4000
/** By then the server too has noticed a connection that the network lost. */
const NOTICED_MS = 9000

export function afterLoss({ closed, lasts, online, attached }: Loss): 'attach' | 'wait' | 'elsewhere' {
  if (!online || attached === null) return 'wait'
  if (attached) return lasts >= (closed ? SETTLED_MS : NOTICED_MS) ? 'elsewhere' : 'wait'
  return closed && lasts < TAKEN_MS ? 'wait' : 'attach'
}
