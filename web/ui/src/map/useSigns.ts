/** The cameras and teams on the map, set apart where they would hide each other. A click on a camera shows its picture. */
import { type Map as MapLibre, Marker } from 'maplibre-gl'
import { type RefObject, useEffect } from 'react'
import type { CameraView, TeamView } from '../api/types'
import { pick } from '../cameras/picked'
import { heapElement, markerElement } from './markers'
import { spread } from './spread'

/** A sign is 24 px wide with its border. */
const ROOM = 25
const CLOSER = 2

export function useSigns(map: RefObject<MapLibre | null>, cameras: CameraView[], teams: TeamView[]) {
  useEffect(() => {
    const now = map.current
    if (!now) return
    const signs = [
      ...cameras
        .filter(({ active }) => active)
        .map(({ id, name, position, state }) => ({
          name,
          at: position,
          look: 'camera' as const,
          bad: state.state === 'failing',
          click: () => pick({ kind: 'live', id }),
        })),
      ...teams
        .filter(({ active }) => active)
        .flatMap(({ name, position }) =>
          position ? [{ name, at: position, look: 'team' as const, bad: false, click: () => undefined }] : [],
        ),
    ]
    const places = signs.map(({ at }): [number, number] => [at.longitude, at.latitude])
    let markers: Marker[] = []
    const clear = () => {
      for (const marker of markers) marker.remove()
    }
    const draw = () => {
      clear()
      const heaps = spread(
        places.map((place) => now.project(place)),
        ROOM,
      )
      markers = heaps.flatMap(({ members, middle, moved }) => {
        const here = members.flatMap((i) => signs[i] ?? [])
        if (!moved) {
          const center = now.unproject([middle.x, middle.y])
          const zoom = now.getZoom() + CLOSER
          const element = heapElement(here.map(({ name }) => name))
          return [new Marker({ element: onClick(element, () => now.easeTo({ center, zoom })) }).setLngLat(center)]
        }
        return here.map(({ look, name, at, bad, click }, i) => {
          const element = onClick(markerElement(look, name, bad), click)
          const { x, y } = moved[i] ?? { x: 0, y: 0 }
          return new Marker({ element, offset: [x, y] }).setLngLat([at.longitude, at.latitude])
        })
      })
      for (const marker of markers) marker.addTo(now)
    }
    draw()
    now.on('zoomend', draw)
    return () => {
      now.off('zoomend', draw)
      clear()
    }
  }, [map, cameras, teams])
}

/** The click is the sign's own: the map under it would take it for the place of the incident. */
function onClick(element: HTMLElement, act: () => void): HTMLElement {
  element.addEventListener('click', (event) => {
    event.stopPropagation()
    act()
  })
  return element
}
