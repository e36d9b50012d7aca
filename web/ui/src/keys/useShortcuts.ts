/** Hands a pressed shortcut to the handler that was mounted last for it. */
import { useEffect, useRef } from 'react'
import { type ShortcutId, shortcutFor } from './shortcuts'

type Handlers = Partial<Record<ShortcutId, (() => void) | null>>
const stack: { current: Handlers }[] = []

window.addEventListener(
  'keydown',
  (press) => {
    const id = shortcutFor(press)
    if (!id) return
    // Taken even when nothing can be done now: F1 must never open a browser page in the middle of a call.
    press.preventDefault()
    if (press.repeat) return
    for (const handlers of [...stack].reverse()) {
      const handler = handlers.current[id]
      if (handler) {
        handler()
        return
      }
    }
  },
  { capture: true },
)

/**
 * `data-keys` on the document while keys are used, for the rings that show where the keyboard is. `:focus-visible` does not do: after a click
 * Chromium takes a focus that a key with Alt has moved for one that need not be seen.
 */
const { dataset } = document.documentElement
window.addEventListener('keydown', () => (dataset.keys = 'used'), { capture: true })
window.addEventListener('pointerdown', () => delete dataset.keys, { capture: true })

export function useShortcuts(handlers: Handlers) {
  const ref = useRef(handlers)
  ref.current = handlers
  useEffect(() => {
    stack.push(ref)
    return () => {
      stack.splice(stack.indexOf(ref), 1)
    }
  }, [])
}
