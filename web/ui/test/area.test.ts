// Where the network says the caller is, in each form that RFC 5491 has.
import { expect, it } from 'vitest'
import { areaOf } from '../src/map/area'
import { metresBetween } from '../src/util/distance'

const position = { latitude: 1.13, longitude: 104.05 }
const metres = (ring: [number, number][] | null) =>
  (ring ?? []).map(([longitude, latitude]) => metresBetween(position, { latitude, longitude }))

it('a circle has its radius, and a point is large enough to be seen', () => {
  for (const far of metres(areaOf({ position, radius_m: 200 }))) expect(far).toBeCloseTo(200, -1)
  for (const far of metres(areaOf({ position }))) expect(far).toBeCloseTo(15, 0)
})

it('a polygon is its points, closed', () => {
  const points = [position, { latitude: 1.14, longitude: 104.05 }, { latitude: 1.14, longitude: 104.06 }]
  const ring = areaOf({ position: null, shape: { kind: 'polygon', points } })
  expect(ring).toHaveLength(4)
  expect(ring?.[3]).toEqual(ring?.[0])
  expect(areaOf({ position: null, shape: { kind: 'polygon', points: points.slice(0, 2) } })).toBeNull()
})

it('an ellipse lies along its orientation from north', () => {
  const shape = { kind: 'ellipse', semi_major_m: 400, semi_minor_m: 100, orientation_deg: 90 } as const
  const ring = areaOf({ position, shape })
  const far = metres(ring)
  expect(Math.max(...far)).toBeCloseTo(400, -1)
  expect(Math.min(...far)).toBeCloseTo(100, -1)
  const [longitude, latitude] = ring?.[far.indexOf(Math.max(...far))] ?? [0, 0]
  expect(latitude).toBeCloseTo(position.latitude, 4)
  expect(Math.abs(longitude - position.longitude)).toBeGreaterThan(0.003)
})

it('an arc band lies between its radii and its angles, clockwise from north', () => {
  const shape = { kind: 'arc_band', inner_m: 300, outer_m: 600, start_deg: 0, opening_deg: 90 } as const
  const ring = areaOf({ position, shape }) ?? []
  for (const far of metres(ring)) expect(far < 305 || far > 595).toBe(true)
  for (const [longitude, latitude] of ring) {
    expect(longitude).toBeGreaterThan(position.longitude - 1e-6)
    expect(latitude).toBeGreaterThan(position.latitude - 1e-6)
  }
  expect(ring[ring.length - 1]).toEqual(ring[0])
  const wedge = areaOf({ position, shape: { ...shape, inner_m: 0 } }) ?? []
  expect(wedge).toContainEqual([position.longitude, position.latitude])
})

it('nothing is drawn where the network knows nothing', () => {
  expect(areaOf({ position: null })).toBeNull()
})
