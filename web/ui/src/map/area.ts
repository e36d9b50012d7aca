/** Where the caller's network says the caller is, as rings of [longitude, latitude] for the map. Pure. */
import type { CallerLocation, Position } from '../api/types'
import { circle } from './circle'

type Ring = [number, number][]

/** A point is drawn as large as can be seen. */
const LEAST_M = 15
const METRES_PER_DEGREE = 111_195
const CORNERS = 64

/** The outline, and for an arc band whose inner radius is not 0 no hole: its ring runs back along the inner arc. */
export function areaOf({ position, radius_m, shape }: CallerLocation): Ring | null {
  if (shape?.kind === 'polygon') {
    const ring = shape.points.map(lngLat)
    const first = ring[0]
    return first && ring.length > 2 ? [...ring, first] : null
  }
  if (!position) return null
  if (shape?.kind === 'ellipse') return ellipse(position, shape)
  if (shape?.kind === 'arc_band') return arcBand(position, shape)
  return circle(position, Math.max(radius_m ?? 0, LEAST_M), CORNERS)
}

type Shape<K> = Extract<NonNullable<CallerLocation['shape']>, { kind: K }>

function ellipse(center: Position, { semi_major_m, semi_minor_m, orientation_deg }: Shape<'ellipse'>): Ring {
  const turn = (orientation_deg * Math.PI) / 180
  return steps(0, 2 * Math.PI).map((angle) => {
    const [along, across] = [semi_major_m * Math.cos(angle), semi_minor_m * Math.sin(angle)]
    // The orientation is that of the major axis, clockwise from north.
    return offset(
      center,
      along * Math.cos(turn) - across * Math.sin(turn),
      along * Math.sin(turn) + across * Math.cos(turn),
    )
  })
}

function arcBand(center: Position, { inner_m, outer_m, start_deg, opening_deg }: Shape<'arc_band'>): Ring {
  const from = (start_deg * Math.PI) / 180
  const to = from + (opening_deg * Math.PI) / 180
  const arc = (radius: number) =>
    steps(from, to).map((angle) => offset(center, radius * Math.cos(angle), radius * Math.sin(angle)))
  const ring = [...arc(outer_m), ...(inner_m > 0 ? arc(inner_m).reverse() : [lngLat(center)])]
  return [...ring, ...ring.slice(0, 1)]
}

const steps = (from: number, to: number): number[] =>
  Array.from({ length: CORNERS + 1 }, (_, i) => from + ((to - from) * i) / CORNERS)

function offset({ latitude, longitude }: Position, north: number, east: number): [number, number] {
  const shrink = Math.max(0.01, Math.cos((latitude * Math.PI) / 180))
  return [longitude + east / METRES_PER_DEGREE / shrink, latitude + north / METRES_PER_DEGREE]
}

const lngLat = ({ latitude, longitude }: Position): [number, number] => [longitude, latitude]
