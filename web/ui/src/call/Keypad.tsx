import { Button } from '@mantine/core'
import { useEffect, useMemo, useState } from 'react'
import { useT } from '../i18n/i18n'
import { sendDigits } from './actions'
import { keySender } from './keys'

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#']

/** Sends each key as it is pressed, by click or by keyboard. */
export function Keypad({ call }: { call: string }) {
  const t = useT()
  const [sent, setSent] = useState('')
  const send = useMemo(() => keySender((digits) => sendDigits(call, digits)), [call])
  const press = (digit: string) => {
    setSent((before) => (before + digit).slice(-16))
    send(digit)
  }
  // On the window, since the first digits may be typed before the focus is here.
  useEffect(() => {
    const typed = (event: KeyboardEvent) => {
      // A key that is held down is pressed once.
      const plain = !event.repeat && !event.altKey && !event.ctrlKey && !event.metaKey
      const into = event.target instanceof Element && event.target.closest('input, textarea, [contenteditable=true]')
      if (plain && !into && KEYS.includes(event.key)) press(event.key)
    }
    window.addEventListener('keydown', typed)
    return () => window.removeEventListener('keydown', typed)
  })
  return (
    <div>
      <div aria-live="polite" className="sg-digits">
        {sent || t('call.keypad_hint')}
      </div>
      <div className="sg-keypad">
        {KEYS.map((digit) => (
          <Button key={digit} onClick={() => press(digit)} variant="default">
            {digit}
          </Button>
        ))}
      </div>
    </div>
  )
}
