// What is typed in calls: how lines come together from events, and how letters go out.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api/client'
import type { TextLine, TextView } from '../src/api/types'
import { TypingShelf } from '../src/call/typingShelf'
import { type Outbox, Typist } from '../src/call/typist'
import { learned, withAll, withLine } from '../src/live/texts'
import { MemoryStorage } from './memory'

const line = (n: number, text: string, change: Partial<TextLine> = {}): TextLine => ({
  n,
  side: 'caller',
  text,
  at: '2026-11-28T10:00:00Z',
  ended: false,
  ...change,
})
const view = (...lines: TextLine[]): TextView => ({ lines, cut: false })
const words = ({ lines }: TextView) => lines.map(({ text }) => text)

describe('the lines of a call', () => {
  it('are told whole each time, in the order in which they were begun', () => {
    let text = withLine(undefined, line(0, 'to'))
    text = withLine(text, line(1, 'di', { side: 'operator', by: 'Ayu' }))
    text = withLine(text, line(0, 'tolong', { ended: true }))
    expect(words(text)).toEqual(['tolong', 'di'])
  })

  it('are gone when all of their letters were erased', () => {
    expect(words(withLine(view(line(0, 'x')), line(0, ' ', { ended: true })))).toEqual([])
  })

  it('are made good by what is read after a gap, which takes nothing back', () => {
    const known = view(line(0, 'api besar', { ended: true }), line(1, 'as'))
    const read = view(line(0, 'api', { ended: true }), line(1, 'a'), line(2, 'di lantai dua'))
    expect(words(learned(known, read))).toEqual(['api besar', 'as', 'di lantai dua'])
    expect(words(learned(known, view(line(1, 'asap', { ended: true }))))).toEqual(['api besar', 'asap'])
  })

  it('are replaced by a conversation that is told whole', () => {
    expect(withAll(view(line(0, 'a')), { lines: [line(0, 'ap'), line(1, 'b')], cut: true })).toEqual({
      lines: [line(0, 'ap'), line(1, 'b')],
      cut: true,
    })
  })
})

describe('what an operator types', () => {
  let sent: [string, string][]
  let shown: Outbox
  let answer: () => Promise<unknown>
  let ids: number
  let typist: Typist

  /** A page that types; with a `shelf` it goes on with what another has left there. */
  const page = (shelf?: TypingShelf) =>
    new Typist(
      (id, text) => {
        sent.push([id, text])
        return answer()
      },
      (outbox) => {
        shown = outbox
      },
      () => `id-${++ids}`,
      (unsent) => shelf?.keep('ayu', 'call', unsent, 0),
      shelf?.read('ayu', 'call', 0),
    )

  beforeEach(() => {
    vi.useFakeTimers()
    sent = []
    ids = 0
    answer = async () => undefined
    typist = page()
  })
  afterEach(() => vi.useRealTimers())

  const type = (...boxes: string[]) => {
    for (const box of boxes) typist.write(box)
  }
  const later = () => vi.advanceTimersByTimeAsync(300)
  /** What the caller reads, as a text telephone shows it. */
  const read = () => {
    const letters: string[] = []
    for (const letter of sent.flatMap(([, text]) => [...text])) {
      if (letter === '\b') letters.pop()
      else letters.push(letter)
    }
    return letters.join('')
  }

  it('goes out a few letters at a time, as it is typed', async () => {
    type('d', 'di', 'di ')
    expect(sent).toEqual([])
    await later()
    type('di m', 'di ma')
    await later()
    expect(sent.map(([, text]) => text)).toEqual(['di ', 'ma'])
    typist.enter()
    await later()
    expect([sent[2]?.[1], shown]).toEqual(['\n', { box: '', state: 'sent' }])
  })

  it('is corrected wherever it is changed', async () => {
    type('di mna?')
    await later()
    type('di mana?')
    await later()
    expect([sent[1]?.[1], read()]).toEqual(['\b\b\bana?', 'di mana?'])
    type('')
    await later()
    typist.enter()
    await later()
    expect(read()).toBe('')
  })

  it('ends each line that is pasted, and leaves out what nobody can read', async () => {
    type('satu\r\ndua\u0000\u001b\ntiga 🚒')
    await later()
    expect([read(), shown.box]).toEqual(['satu\ndua\ntiga 🚒', 'tiga 🚒'])
    type('tiga')
    await later()
    expect(read()).toBe('satu\ndua\ntiga')
  })

  it('is sent again under the same id until the server has it, and doubles nothing', async () => {
    answer = async () => {
      throw new ApiError(0, 'unreachable', '')
    }
    type('tol')
    await later()
    expect(shown).toEqual({ box: 'tol', state: 'waiting' })
    type('tolong')
    typist.enter()
    answer = async () => undefined
    await vi.advanceTimersByTimeAsync(1500)
    expect(sent).toEqual([
      ['id-1', 'tol'],
      ['id-1', 'tol'],
      ['id-2', 'ong\n'],
    ])
    expect(shown).toEqual({ box: '', state: 'sent' })
  })

  it('stays in the box when the server takes none, and is tried with the next letter', async () => {
    const refusal = new ApiError(409, 'not_answered', '')
    answer = async () => {
      throw refusal
    }
    type('halo')
    await later()
    expect(shown).toEqual({ box: 'halo', state: { refused: refusal } })
    answer = async () => undefined
    type('halo?')
    await later()
    expect([sent.at(-1), shown.state]).toEqual([['id-2', 'halo?'], 'sent'])
  })

  it('is gone on with after a reload while the server was away: nothing is lost, and nothing is typed twice', async () => {
    const storage = new MemoryStorage()
    const shelf = new TypingShelf(storage)
    answer = async () => {
      throw new ApiError(0, 'unreachable', '')
    }
    const before = page(shelf)
    before.write('di mana?\nlantai')
    await later()
    before.write('lantai berapa')
    before.flush()
    vi.clearAllTimers()

    answer = async () => undefined
    const after = page(shelf)
    after.resume()
    expect(shown).toEqual({ box: 'lantai berapa', state: 'waiting' })
    await later()
    expect(sent.filter(([id]) => id === 'id-1').map(([, text]) => text)).toEqual([
      'di mana?\nlantai',
      'di mana?\nlantai',
      'di mana?\nlantai',
    ])
    expect(sent.at(-1)).toEqual(['id-2', ' berapa'])
    expect([shown.state, storage.length]).toEqual(['sent', 0])
  })

  it('is forgotten by the browser after a day, and what it cannot read at once', () => {
    const storage = new MemoryStorage()
    storage.setItem('siaga.typing.ayu.broken', '{')
    storage.setItem('other', 'x')
    const shelf = new TypingShelf(storage)
    shelf.keep('ayu', 'call', { box: 'halo', ended: [], sent: [], batch: null }, 0)
    expect(shelf.read('ayu', 'call', 86_399_999)?.box).toBe('halo')
    expect(shelf.read('ayu', 'call', 86_400_000)).toBeNull()
    expect([storage.length, storage.key(0)]).toEqual([1, 'other'])
  })

  it('goes in batches when much is pasted', async () => {
    type('x'.repeat(450))
    await later()
    expect(sent.map(([, text]) => text.length)).toEqual([200, 200, 50])
    type('y')
    await later()
    expect(read()).toBe('y')
  })

  it('goes at once when the page goes away', () => {
    type('halo')
    typist.flush()
    expect(sent).toEqual([['id-1', 'halo']])
  })
})
