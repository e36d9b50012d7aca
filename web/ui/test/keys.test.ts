// The keypad of a call: menus hear the keys in the order in which they were pressed.
import { expect, it } from 'vitest'
import { keySender } from '../src/call/keys'

it('keys that are pressed while others are under way follow together and in order', async () => {
  const sent: string[] = []
  const arrive: (() => void)[] = []
  const press = keySender((digits) => {
    sent.push(digits)
    return new Promise<void>((resolve) => arrive.push(resolve))
  })
  for (const digit of '1234') press(digit)
  expect(sent).toEqual(['1'])
  arrive.shift()?.()
  await Promise.resolve()
  await Promise.resolve()
  expect(sent).toEqual(['1', '234'])
  arrive.shift()?.()
  await Promise.resolve()
  await Promise.resolve()
  press('5')
  expect(sent).toEqual(['1', '234', '5'])
})
