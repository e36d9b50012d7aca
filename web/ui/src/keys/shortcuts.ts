/**
 * Every key of the console, in one list: the help sheet shows it and the handlers take from it. The keys are ones that Chromium lets a page have;
 * Alt+D, Alt+E, Alt+F, Alt+arrow left and right, F5, F6, F7, F11, F12 and Ctrl+N, T, W are left alone.
 */
export const SHORTCUTS = {
  answer: { key: 'F2', group: 'call' },
  hold: { key: 'F4', group: 'call' },
  hangUp: { key: 'F8', group: 'call' },
  mute: { key: 'F9', group: 'call' },
  decline: { key: 'Shift+F8', group: 'call' },
  keypad: { key: 'Alt+K', group: 'call' },
  dial: { key: 'Alt+T', group: 'call' },
  merge: { key: 'Alt+J', group: 'call' },
  handOver: { key: 'Alt+S', group: 'call' },
  dropParty: { key: 'Alt+X', group: 'call' },
  silentPrompt: { key: 'Alt+B', group: 'call' },
  callFacts: { key: 'Alt+O', group: 'call' },
  text: { key: 'Alt+Y', group: 'call' },
  pause: { key: 'Alt+R', group: 'call' },
  place: { key: 'Alt+1', group: 'form' },
  event: { key: 'Alt+2', group: 'form' },
  type: { key: 'Alt+3', group: 'form' },
  name: { key: 'Alt+4', group: 'form' },
  number: { key: 'Alt+5', group: 'form' },
  details: { key: 'Alt+6', group: 'form' },
  teams: { key: 'Alt+7', group: 'form' },
  send: { key: 'Ctrl+Enter', group: 'form' },
  previousReport: { key: 'Alt+ArrowUp', group: 'form' },
  nextReport: { key: 'Alt+ArrowDown', group: 'form' },
  normal: { key: 'Alt+N', group: 'close' },
  ghost: { key: 'Alt+G', group: 'close' },
  prank: { key: 'Alt+P', group: 'close' },
  information: { key: 'Alt+I', group: 'close' },
  closeIncident: { key: 'Alt+C', group: 'close' },
  leave: { key: 'Alt+L', group: 'close' },
  acknowledge: { key: 'Alt+A', group: 'other' },
  callbacks: { key: 'Alt+U', group: 'other' },
  map: { key: 'Alt+M', group: 'other' },
  supervise: { key: 'Alt+V', group: 'other' },
  stopMonitor: { key: 'Alt+Q', group: 'other' },
  help: { key: 'F1', group: 'other' },
} as const

export type ShortcutId = keyof typeof SHORTCUTS

export interface KeyPress {
  code: string
  key: string
  ctrlKey: boolean
  altKey: boolean
  shiftKey: boolean
  metaKey: boolean
}

/** The name of a pressed key in the form of the list; letters and digits by their place, so that Alt layouts do not change them. */
export function nameOf(press: KeyPress): string {
  const base = press.code.startsWith('Key')
    ? press.code.slice(3)
    : /^(Digit|Numpad)\d$/.test(press.code)
      ? press.code.slice(-1)
      : press.key
  const held = [press.ctrlKey && 'Ctrl', press.altKey && 'Alt', press.shiftKey && 'Shift', press.metaKey && 'Meta']
  return [...held.filter(Boolean), base].join('+')
}

const BY_KEY = new Map<string, ShortcutId>(Object.entries(SHORTCUTS).map(([id, { key }]) => [key, id as ShortcutId]))

export const shortcutFor = (press: KeyPress): ShortcutId | undefined => BY_KEY.get(nameOf(press))

/** How a key is written on the screen. */
export const keyLabel = (id: ShortcutId): string => SHORTCUTS[id].key.replace('ArrowUp', '↑').replace('ArrowDown', '↓')
