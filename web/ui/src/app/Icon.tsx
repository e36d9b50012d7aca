/** The console's own small icons: no icon font, nothing loaded. */
const PATHS = {
  phone: 'M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2z',
  hangUp: 'M3 14c5-5 13-5 18 0l-2.5 3-4-1.5v-3a10 10 0 0 0-5 0v3l-4 1.5z',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 5l12 7-12 7z',
  mic: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5 11a7 7 0 0 0 14 0M12 18v3',
  micOff: 'M3 3l18 18M9 9v2a3 3 0 0 0 5 2M15 10V6a3 3 0 0 0-6 0M5 11a7 7 0 0 0 11 6M19 11a7 7 0 0 1-1 3M12 18v3',
  speaker: 'M4 9v6h4l5 4V5L8 9zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11',
  keypad: 'M6 5h.01M12 5h.01M18 5h.01M6 11h.01M12 11h.01M18 11h.01M6 17h.01M12 17h.01M18 17h.01',
  bell: 'M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4',
  warning: 'M12 3L2 20h20zM12 10v4M12 17h.01',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2',
  send: 'M3 11l18-8-7 18-3-8z',
  check: 'M4 13l5 5L20 6',
  checks: 'M2 13l4 5L15 6M10 17l1 1L22 6',
  eye: 'M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  thumb: 'M4 12l5 5L20 6M4 19h16',
  truck: 'M2 6h12v10H2zM14 10h4l4 4v2h-8zM6 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM18 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  flag: 'M5 21V4h13l-3 4 3 4H5',
  done: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12l3 3 5-6',
  cross: 'M6 6l12 12M18 6L6 18',
  pin: 'M12 22s7-7.5 7-12a7 7 0 1 0-14 0c0 4.5 7 12 7 12zM12 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  camera: 'M3 7h12v10H3zM15 11l6-3v8l-6-3z',
  person: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c0-5 4-7 8-7s8 2 8 7',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  offline:
    'M3 3l18 18M8.5 16a5 5 0 0 1 7 0M5 12.5a10 10 0 0 1 5-2.7M19 12.5a10 10 0 0 0-3-2M2 9a15 15 0 0 1 4-2.6M22 9A15 15 0 0 0 11 5M12 20h.01',
  wifi: 'M2 9a15 15 0 0 1 20 0M5 12.5a10 10 0 0 1 14 0M8.5 16a5 5 0 0 1 7 0M12 20h.01',
  plus: 'M12 5v14M5 12h14',
  join: 'M4 6h4l4 6 4-6h4M12 12v8',
  arrowOut: 'M5 19L19 5M9 5h10v10',
  arrowBack: 'M9 5L4 10l5 5M4 10h10a6 6 0 0 1 0 12h-3',
  ear: 'M7 9a5 5 0 0 1 10 0c0 4-4 4-4 8a3 3 0 0 1-6 0M10 9a2 2 0 0 1 4 0c0 1.500-1.500 2-1.500 3.500',
  talk: 'M4 5h16v11H10l-4 4v-4H4z',
  down: 'M12 4v15M6 13l6 6 6-6',
  up: 'M12 20V5M6 11l6-6 6 6',
  hash: 'M4 9h16M4 15h16M10 4L8 20M16 4l-2 16',
  globe: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18',
  mast: 'M12 10v11M8 21h8M8.500 6.500a5 5 0 0 0 0 7M15.500 6.500a5 5 0 0 1 0 7M5.500 4a9 9 0 0 0 0 12M18.500 4a9 9 0 0 1 0 12',
  card: 'M3 5h18v14H3zM7 9h5M7 13h10',
  bars: 'M5 20v-4M10 20v-8M15 20V8M20 20V4',
  wall: 'M3 4h8v7H3zM13 4h8v4h-8zM13 10h8v10h-8zM3 13h8v7H3z',
  menu: 'M4 6h16M4 12h16M4 18h16',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      className="sg-icon"
      fill="none"
      height={size}
      stroke="currentColor"
      strokeLinecap="round"
      strokeLinejoin="round"
      strokeWidth={2}
      viewBox="0 0 24 24"
      width={size}
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
