import { describe, expect, it } from 'vitest'
import { readPlace } from '../src/form/placeParser'
import { complete, suggest } from '../src/map/gazetteer'

const batam = { latitude: 1.08, longitude: 104.03 }
const read = (text: string) => readPlace(text, batam)
const point = (text: string) => {
  const reading = read(text)
  return reading?.kind === 'position' ? [reading.position.latitude, reading.position.longitude] : null
}

describe('the place field reads', () => {
  it.each([
    ['1.08, 104.03', [1.08, 104.03]],
    ['dekat pos 1.0812 104.0305 ya', [1.0812, 104.0305]],
    ['1,0812 104,0305', [1.0812, 104.0305]],
    ['-0.5312, 104.25', [-0.5312, 104.25]],
    ['0.53 LS 104.25 BT', [-0.53, 104.25]],
    ['104.03, 1.08', [1.08, 104.03]],
    [`1°04'48"N 104°01'48"E`, [1.08, 104.03]],
  ])('coordinates in %s', (text, expected) => expect(point(text)).toEqual(expected))

  it.each([
    'https://www.google.com/maps/place/Nagoya/@1.1,104.1,17z/data=!3m1!4b1!4m6!3m5!1s0x0!8m2!3d1.1434!4d104.0118',
    'ini pak https://maps.google.com/?q=1.1434,104.0118 cepat',
    'https://www.google.com/maps?q=1.1434%2C104.0118',
    'https://www.google.com/maps/search/1.1434,+104.0118',
    'https://www.openstreetmap.org/?mlat=1.1434&mlon=104.0118',
  ])('the pinned place of %s', (text) => expect(point(text)).toEqual([1.1434, 104.0118]))

  it('Plus Codes, whole and short', () => {
    const whole = point('6PH64236+2Q')
    const short = point('4236+2Q Batam')
    expect(whole?.[0]).toBeCloseTo(1.1026, 3)
    expect(short).toEqual(whole)
  })

  it('a short link as what it is', () => expect(read('https://maps.app.goo.gl/abcDEF')).toEqual({ kind: 'short_link' }))

  it.each([
    'Jl. Sudirman no 12, RT 03',
    'Blok A2, 15 rumah',
    '0812 7700 1122',
    '+628117701234',
    'https://example.com/1.5,104.2',
    'lantai 2.5',
    '',
  ])('nothing into %s', (text) => expect(read(text)).toBeNull())
})

describe('the gazetteer', () => {
  it('suggests what the end of the text begins, and completes only that', () => {
    const [first] = suggest('jl sudirman, batam k')
    expect(first?.place.name).toBe('Batam Kota')
    expect(first && complete('jl sudirman, batam k', first)).toBe('jl sudirman, Batam Kota')
  })

  it('knows islands with their position, with or without the word Pulau', () => {
    const found = suggest('abang besar').find(({ place }) => place.name === 'Pulau Abang Besar')
    expect(found?.place.position?.latitude).toBeCloseTo(0.585, 2)
  })

  it('says nothing to one or two letters', () => expect(suggest('di ba')).toEqual([]))
})
