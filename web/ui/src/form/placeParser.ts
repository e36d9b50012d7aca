/**
 * Finds a position in what an operator typed or pasted: coordinates, Google Maps links, Plus Codes. Pure, and it never changes the text.
 */
import OpenLocationCode from 'open-location-code'
import type { Position } from '../api/types'

export type Reading =
  | { kind: 'position'; from: 'coordinates' | 'link' | 'plus_code'; position: Position }
  /** A link that only the internet can resolve. */
  | { kind: 'short_link' }

const codes = new OpenLocationCode.OpenLocationCode()

/** `center` completes short Plus Codes such as `4236+2Q Batam`. */
export function readPlace(text: string, center: Position): Reading | null {
  const link = text.match(/https?:\/\/\S+/i)?.[0]
  if (link) return readLink(link)
  return readPlusCode(text, center) ?? readCoordinates(text)
}

function readLink(link: string): Reading | null {
  if (/^https?:\/\/(maps\.app\.goo\.gl|goo\.gl\/maps|g\.co)/i.test(link)) return { kind: 'short_link' }
  if (!/google\.[a-z.]+\/|openstreetmap\.org|waze\.com|maps\.apple\.com/i.test(link)) return null
  const plain = safeDecode(link)
  // `!3d..!4d..` is the pinned place; `@` is only the middle of the picture and comes last.
  const found =
    plain.match(/!3d(-?\d+\.\d+)!4d(-?\d+\.\d+)/) ??
    plain.match(/[?&](?:q|ll|query|destination|daddr|mlat)=(?:loc:)?(-?\d+\.\d+)(?:,|&mlon=)\s?\+?(-?\d+\.\d+)/) ??
    plain.match(/\/(?:place|search|dir)\/(-?\d+\.\d+),\s?\+?(-?\d+\.\d+)/) ??
    plain.match(/@(-?\d+\.\d+),(-?\d+\.\d+)/) ??
    plain.match(/#map=\d+\/(-?\d+\.\d+)\/(-?\d+\.\d+)/)
  const position = found && checked(Number(found[1]), Number(found[2]))
  return position ? { kind: 'position', from: 'link', position } : null
}

function readPlusCode(text: string, center: Position): Reading | null {
  const word = text
    .toUpperCase()
    .match(/(?:^|[\s,;])([23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,4})(?=$|[\s,;.])/)?.[1]
  if (!word || !codes.isValid(word)) return null
  try {
    const full = codes.isShort(word) ? codes.recoverNearest(word, center.latitude, center.longitude) : word
    const area = codes.decode(full)
    const position = checked(round(area.latitudeCenter), round(area.longitudeCenter))
    return position && { kind: 'position', from: 'plus_code', position }
  } catch {
    return null
  }
}

function readCoordinates(text: string): Reading | null {
  const position = decimal(text) ?? sexagesimal(text)
  return position && { kind: 'position', from: 'coordinates', position }
}

/** `1.08, 104.03`; `1,08 104,03` with decimal commas; `1.08 LU 104.03 BT`. Needs two decimals, so house numbers are left alone. */
function decimal(text: string): Position | null {
  const number = String.raw`(-?\d{1,3}[.,]\d{2,})`
  const side = String.raw`\s*°?\s*([NSEW]|LU|LS|BT|BB)?`
  const found = text.match(new RegExp(`(?:^|[^\\d.,])${number}${side}\\s*[,;\\s]\\s*${number}${side}(?![\\d])`, 'i'))
  if (!found) return null
  const value = (digits: string | undefined, letters: string | undefined) => {
    const degrees = Number((digits ?? '').replace(',', '.'))
    return /^(S|LS|W|BB)$/i.test(letters ?? '') ? -Math.abs(degrees) : degrees
  }
  return checked(value(found[1], found[2]), value(found[3], found[4]))
}

/** `1°04'48"N 104°01'48"E`. */
function sexagesimal(text: string): Position | null {
  const found = [...text.matchAll(/(\d{1,3})°\s*(\d{1,2})['′]\s*(?:([\d.]+)["″])?\s*(N|S|E|W|LU|LS|BT|BB)/gi)].slice(
    0,
    2,
  )
  const [first, second] = found.map(([, d, m, s, side]) => {
    const degrees = Number(d) + Number(m) / 60 + Number(s ?? 0) / 3600
    return round(/^(S|LS|W|BB)$/i.test(side ?? '') ? -degrees : degrees)
  })
  return first === undefined || second === undefined ? null : checked(first, second)
}

/** Accepts latitude first, as people say it; swaps a pair that only makes sense the other way round. */
function checked(a: number, b: number): Position | null {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return null
  if (Math.abs(a) <= 90 && Math.abs(b) <= 180) return { latitude: a, longitude: b }
  if (Math.abs(b) <= 90 && Math.abs(a) <= 180) return { latitude: b, longitude: a }
  return null
}

const round = (value: number) => Number(value.toFixed(6))

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
