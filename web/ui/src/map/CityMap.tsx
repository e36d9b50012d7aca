/** The map itself, in a chunk of its own. A click or Enter sets the place; the words of the form stay. */
import { useMantineColorScheme } from '@mantine/core'
import { type GeoJSONSource, Map as MapLibre, Marker, NavigationControl, ScaleControl, setWorkerUrl } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import 'maplibre-gl/dist/maplibre-gl.css'
import { useEffect, useRef } from 'react'
import type { CallerLocation, CameraView, Position, TeamView } from '../api/types'
import { useT } from '../i18n/i18n'
import { DARK, LIGHT } from '../theme/palette'
import { markerElement } from './markers'
import { callerArea, mapStyle } from './style'
import { useSigns } from './useSigns'

setWorkerUrl(workerUrl)

interface Props {
  center: Position
  /** The call whose place is shown: another one begins with the whole city. */
  call: string | null
  place: Position | null
  location: CallerLocation | null
  cameras: CameraView[]
  teams: TeamView[]
  onPick: ((position: Position) => void) | null
}

const CITY_ZOOM = 10
const PLACE_ZOOM = 14
const lngLat = ({ latitude, longitude }: Position): [number, number] => [longitude, latitude]
const five = (value: number) => Number(value.toFixed(5))

export default function CityMap({ center, call, place, location, cameras, teams, onPick }: Props) {
  const t = useT()
  const { colorScheme } = useMantineColorScheme()
  const box = useRef<HTMLDivElement>(null)
  const map = useRef<MapLibre | null>(null)
  const pin = useRef<Marker | null>(null)
  const pick = useRef(onPick)
  pick.current = onPick

  // biome-ignore lint/correctness/useExhaustiveDependencies: one map for the life of the panel; what changes is brought in by the effects below.
  useEffect(() => {
    if (!box.current) return
    const made = new MapLibre({
      container: box.current,
      style: mapStyle(colorScheme === 'light' ? LIGHT : DARK),
      center: lngLat(place ?? center),
      zoom: place ? PLACE_ZOOM : CITY_ZOOM,
      minZoom: 8,
      maxZoom: 18,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
    })
    made.addControl(new NavigationControl({ showCompass: false }), 'top-right')
    made.addControl(new ScaleControl(), 'bottom-left')
    const canvas = made.getCanvas()
    canvas.setAttribute('aria-label', t('map.help'))
    made.on('click', ({ lngLat: { lng, lat } }) => pick.current?.({ latitude: five(lat), longitude: five(lng) }))
    canvas.addEventListener('keydown', (event) => {
      const { lng, lat } = made.getCenter()
      if (event.key === 'Enter') pick.current?.({ latitude: five(lat), longitude: five(lng) })
    })
    map.current = made
    return () => {
      map.current = null
      pin.current = null
      made.remove()
    }
  }, [])

  useEffect(() => {
    map.current?.setStyle(mapStyle(colorScheme === 'light' ? LIGHT : DARK))
  }, [colorScheme])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller who could not be located must not be shown where the one before was.
  useEffect(() => {
    if (!place) map.current?.jumpTo({ center: lngLat(center), zoom: CITY_ZOOM })
  }, [call])

  useEffect(() => {
    const now = map.current
    if (!now) return
    pin.current?.remove()
    pin.current = null
    if (!place) return
    pin.current = new Marker({ element: markerElement('place', t('map.place')), anchor: 'bottom' })
      .setLngLat(lngLat(place))
      .addTo(now)
    // Near enough is left alone: the map must not jump under the hand that clicked it.
    if (!now.getBounds().contains(lngLat(place)) || now.getZoom() < PLACE_ZOOM - 2)
      now.jumpTo({ center: lngLat(place), zoom: Math.max(now.getZoom(), PLACE_ZOOM) })
  }, [place, t])

  useEffect(() => {
    const now = map.current
    if (!now) return
    const draw = () => (now.getSource('caller') as GeoJSONSource | undefined)?.setData(callerArea(location))
    if (now.isStyleLoaded()) draw()
    now.on('styledata', draw)
    return () => {
      now.off('styledata', draw)
    }
  }, [location])

  useSigns(map, cameras, teams)

  return <div className="sg-map-box" ref={box} />
}
