import { useCallback, useLayoutEffect, useMemo, useState } from 'react'
import { sendDigits } from './actions'
import { keySender } from './keys'

export const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#']

/**
 * The keys of a call's keypad: those that were sent since it was opened, and how to press one. While it is open the keyboard presses them as well,
 * from the moment of opening on: its buttons come a little later, and the first key of a number must not be lost meanwhile.
 */
export function useKeypad(call: string, open: boolean): { sent: string; press: (digit: string) => void } {
  const [sent, setSent] = useState('')
  const send = useMemo(() => keySender((digits) => sendDigits(call, digits)), [call])
  const press = useCallback(
    (digit: string) => {
      setSent((before) => (before + digit).slice(-16))
      send(digit)
    },
    [send],
  )
  useLayoutEffect(() => {
    if (!open) return
    setSent('')
    const typed = (event: KeyboardEvent) => {
      // A key that is held down is pressed once.
      const plain = !event.repeat && !event.altKey && !event.ctrlKey && !event.metaKey
      const into = event.target instanceof Element && event.target.closest('input, textarea, [contenteditable=true]')
      if (plain && !into && KEYS.includes(event.key)) press(event.key)
    }
    window.addEventListener('keydown', typed)
    return () => window.removeEventListener('keydown', typed)
  }, [open, press])
  return { sent, press }
}
