/**
 * The console's colours. Every pair of text and background that the console uses stands in `PAIRS`, and a test computes the contrast of each.
 * Bright fills are for what must be seen at once: a ringing call, an alarm, an overdue dispatch.
 */
export interface Palette {
  bg0: string
  bg1: string
  bg2: string
  bg3: string
  line: string
  text: string
  dim: string
  accent: string
  ok: string
  warn: string
  danger: string
  accentFill: string
  okFill: string
  dangerFill: string
  onFill: string
  alertFill: string
  onAlert: string
  sea: string
  land: string
  coast: string
}

export const DARK: Palette = {
  bg0: '#0a1017',
  bg1: '#121b26',
  bg2: '#1b2735',
  bg3: '#273648',
  line: '#5f7488',
  text: '#e8eef5',
  dim: '#aebccb',
  accent: '#7cb8ff',
  ok: '#6fdb9c',
  warn: '#ffc861',
  danger: '#ff9a90',
  accentFill: '#1760b5',
  okFill: '#16703c',
  dangerFill: '#b3261e',
  onFill: '#ffffff',
  alertFill: '#ffb020',
  onAlert: '#1a1200',
  sea: '#0d1a29',
  land: '#26333f',
  coast: '#4a5f73',
}

export const LIGHT: Palette = {
  bg0: '#e9eef3',
  bg1: '#ffffff',
  bg2: '#f3f6f9',
  bg3: '#dfe7ee',
  line: '#7b8a99',
  text: '#101820',
  dim: '#45535f',
  accent: '#0f56a8',
  ok: '#11612f',
  warn: '#7a4b00',
  danger: '#a61b14',
  accentFill: '#1760b5',
  okFill: '#16703c',
  dangerFill: '#b3261e',
  onFill: '#ffffff',
  alertFill: '#ffb020',
  onAlert: '#1a1200',
  sea: '#c9dcec',
  land: '#f4f1ea',
  coast: '#8fa3b5',
}

type Name = keyof Palette

const surfaces: Name[] = ['bg0', 'bg1', 'bg2', 'bg3']
const words: Name[] = ['text', 'dim', 'accent', 'ok', 'warn', 'danger']

/** [foreground, background, least ratio]: 4.5 for text, 3 for the edges of controls (WCAG 2.2, 1.4.3 and 1.4.11). */
export const PAIRS: [Name, Name, number][] = [
  ...words.flatMap((word) => surfaces.map((surface): [Name, Name, number] => [word, surface, 4.5])),
  ['onFill', 'accentFill', 4.5],
  ['onFill', 'okFill', 4.5],
  ['onFill', 'dangerFill', 4.5],
  ['onAlert', 'alertFill', 7],
  ['line', 'bg1', 3],
  ['line', 'bg2', 3],
]
