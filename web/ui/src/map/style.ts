/** The map's own style: everything it needs comes with the console, nothing from the internet. */
import type { StyleSpecification } from 'maplibre-gl'
import type { CallerLocation } from '../api/types'
import type { Palette } from '../theme/palette'
import { areaOf } from './area'
import { islands } from './gazetteer'

const EMPTY: { type: 'FeatureCollection'; features: [] } = { type: 'FeatureCollection', features: [] }

export function mapStyle(colours: Palette): StyleSpecification {
  return {
    version: 8,
    sources: {
      land: { type: 'geojson', data: '/coastline.geojson' },
      names: { type: 'geojson', data: names() },
      caller: { type: 'geojson', data: EMPTY },
    },
    // Without `glyphs` MapLibre draws text with the fonts of the computer.
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': colours.sea } },
      { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': colours.land } },
      { id: 'coast', type: 'line', source: 'land', paint: { 'line-color': colours.coast, 'line-width': 1 } },
      { id: 'caller', type: 'fill', source: 'caller', paint: { 'fill-color': colours.accent, 'fill-opacity': 0.18 } },
      { id: 'caller-edge', type: 'line', source: 'caller', paint: { 'line-color': colours.accent, 'line-width': 2 } },
      {
        id: 'names',
        type: 'symbol',
        source: 'names',
        minzoom: 9.5,
        filter: ['any', ['>=', ['zoom'], 11.5], ['get', 'populated']],
        layout: {
          'text-field': ['get', 'name'],
          'text-font': ['sans-serif'],
          'text-size': 11,
          'symbol-sort-key': ['case', ['get', 'populated'], 0, 1],
        },
        paint: { 'text-color': colours.dim, 'text-halo-color': colours.sea, 'text-halo-width': 1.2 },
      },
    ],
  }
}

function names() {
  return {
    type: 'FeatureCollection' as const,
    features: islands().map(({ name, populated, position }) => ({
      type: 'Feature' as const,
      properties: { name: name.replace(/^Pulau /, ''), populated },
      geometry: { type: 'Point' as const, coordinates: [position?.longitude ?? 0, position?.latitude ?? 0] },
    })),
  }
}

/** The area in which the caller's network says the caller is. */
export function callerArea(location: CallerLocation | null) {
  const ring = location && areaOf(location)
  if (!ring) return EMPTY
  return {
    type: 'FeatureCollection' as const,
    features: [
      { type: 'Feature' as const, properties: {}, geometry: { type: 'Polygon' as const, coordinates: [ring] } },
    ],
  }
}
