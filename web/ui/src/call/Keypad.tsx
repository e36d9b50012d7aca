import { Button } from '@mantine/core'
import { useT } from '../i18n/i18n'
import { KEYS } from './useKeypad'

/** The keys as buttons, and those that were sent. */
export function Keypad({ sent, press }: { sent: string; press: (digit: string) => void }) {
  const t = useT()
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
