import { describe, expect, it } from 'vitest'
import { drawn, type Spot, spread } from '../src/map/spread'

const SIZE = 25
const apart = (spots: Spot[]) =>
  spots.every((a, i) => spots.slice(i + 1).every((b) => Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y)) > SIZE - 1))

describe('signs on the map', () => {
  it('stay where they are while nothing hides them', () => {
    const heaps = spread([{ x: 0, y: 0 }, { x: 40, y: 0 }], SIZE) // biome-ignore format: one line
    expect(heaps.map(({ moved }) => moved)).toEqual([[{ x: 0, y: 0 }], [{ x: 0, y: 0 }]])
  })

  it('stand side by side around their middle where they would lie on each other', () => {
    const spots = [0, 3, 6].map((x) => ({ x, y: 10 }))
    const [heap] = spread(spots, SIZE)
    expect(heap && drawn(heap, spots)).toEqual([-22, 3, 28].map((x) => ({ x, y: 10 })))
  })

  it('do not meet others where they were moved to', () => {
    const spots = [0, 3, 6, 30, 33, 70].map((x, i) => ({ x, y: i }))
    const heaps = spread(spots, SIZE)
    expect(apart(heaps.flatMap((heap) => drawn(heap, spots)))).toBe(true)
    expect(heaps.flatMap(({ members }) => members).sort()).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('become one sign where there are too many', () => {
    const spots = Array.from({ length: 9 }, (_, i) => ({ x: i, y: 0 }))
    expect(spread(spots, SIZE)).toEqual([{ members: [0, 1, 2, 3, 4, 5, 6, 7, 8], middle: { x: 4, y: 0 }, moved: null }])
  })

  it('are laid out in time for a city full of cameras', () => {
    const spots = Array.from({ length: 300 }, (_, i) => ({ x: (i * 37) % 400, y: (i * 61) % 400 }))
    const before = performance.now()
    const heaps = spread(spots, SIZE)
    expect(performance.now() - before).toBeLessThan(500)
    expect(apart(heaps.flatMap((heap) => drawn(heap, spots)))).toBe(true)
  })
})
