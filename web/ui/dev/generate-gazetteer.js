// Writes src/map/gazetteer.json: the names of one regency from idn-area-data (ODbL 1.0). Usage: npm run gazetteer [-- 21.71]
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const code = process.argv[2] ?? '21.71'
const data = join(dirname(createRequire(import.meta.url).resolve('idn-area-data/package.json')), 'data')

/** Rows of a CSV file without quoted commas, as the package writes them. */
function rows(name) {
  const [head, ...lines] = readFileSync(join(data, name), 'utf8').trim().split('\n')
  const keys = head.split(',')
  return lines
    .filter((line) => line.startsWith(code))
    .map((line) => Object.fromEntries(line.split(',').map((value, i) => [keys[i], value])))
}

/** 01°06'13.37" N 103°48'17.90" E -> [latitude, longitude] in degrees, five decimals. */
function position(text) {
  const parts = [...text.matchAll(/(\d+)°(\d+)'([\d.]+)"\s*([NSEW])/g)].map(([, d, m, s, side]) => {
    const degrees = Number(d) + Number(m) / 60 + Number(s) / 3600
    return side === 'S' || side === 'W' ? -degrees : degrees
  })
  if (parts.length !== 2) throw new Error(`not a coordinate: ${text}`)
  return parts.map((value) => Number(value.toFixed(5)))
}

const districts = rows('districts.csv')
const villages = rows('villages.csv')
const islands = rows('islands.csv')
const nameOf = new Map(districts.map((district) => [district.code, district.name]))
const places = [
  ...districts.map(({ name }) => ({ kind: 'district', name })),
  ...villages.map(({ name, district_code }) => ({ kind: 'village', name, within: nameOf.get(district_code) })),
  ...islands.map(({ name, coordinate, is_populated }) => ({
    kind: 'island',
    name,
    at: position(coordinate),
    ...(is_populated === '1' ? { populated: true } : {}),
  })),
]
const text = `[\n${places.map((place) => JSON.stringify(place)).join(',\n')}\n]\n`
writeFileSync(new URL('../src/map/gazetteer.json', import.meta.url), text)
console.log(`${districts.length} districts, ${villages.length} villages, ${islands.length} islands`)
