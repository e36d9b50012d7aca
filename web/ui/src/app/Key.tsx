import { keyLabel, type ShortcutId } from '../keys/shortcuts'

/** The key of an action, written beside it. */
export function Key({ of }: { of: ShortcutId }) {
  return <kbd className="sg-key">{keyLabel(of)}</kbd>
}
