import { Button } from '@mantine/core'
import { useState } from 'react'
import { useT } from '../i18n/i18n'
import { sendDigits } from './actions'

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#']

/** Sends each key as it is pressed, by click or by keyboard. */
export function Keypad({ call }: { call: string }) {
  const t = useT()
  const [sent, setSent] = useState('')
  const press = (digit: string) => {
    setSent((before) => (before + digit).slice(-16))
    void sendDigits(call, digit)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the digit keys of the keyboard are a second way to the buttons inside.
    <div
      onKeyDown={(event) => {
        if (KEYS.includes(event.key) && !event.altKey && !event.ctrlKey) press(event.key)
      }}
    >
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
