/**
 * Sends keys in the order in which they are pressed, one request at a time: two under way at once may overtake each other, and a menu then
 * hears another number. Keys that are pressed meanwhile go together with the next one.
 */
export function keySender(send: (digits: string) => Promise<unknown>): (digit: string) => void {
  let waiting = ''
  let sending = false
  const flush = async () => {
    sending = true
    try {
      while (waiting) {
        const digits = waiting
        waiting = ''
        await send(digits)
      }
    } finally {
      sending = false
    }
  }
  return (digit) => {
    waiting += digit
    if (!sending) void flush()
  }
}
