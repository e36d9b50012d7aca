/**
 * The place in the operator's words, and beside it the point on the map. A point is read from what was typed or pasted; the words stay as they
 * are. A suggestion changes text only when it is chosen.
 */
import { TextInput } from '@mantine/core'
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react'
import type { CallerLocation, Position, ReportFields } from '../api/types'
import { Icon } from '../app/Icon'
import { type TextKey, useT } from '../i18n/i18n'
import { complete, type Suggestion, suggest } from '../map/gazetteer'
import { session } from '../session/session'
import { useStore } from '../util/store'
import { dayAndClock } from '../util/time'
import { readPlace } from './placeParser'

interface Props {
  label: ReactNode
  fields: ReportFields
  location: CallerLocation | null
  /** Why the place that the network names could not be had. */
  unfetched: TextKey | null
  onChange: (change: Partial<ReportFields>) => void
}

const FALLBACK: Position = { latitude: 1.08, longitude: 104.03 }

export function PlaceInput({ label, fields, location, unfetched, onChange }: Props) {
  const t = useT()
  const id = useId()
  const now = useStore(session)
  const center = now.phase === 'in' ? now.city.center : FALLBACK
  const [open, setOpen] = useState(false)
  const [active, setActive] = useState(-1)
  const reading = readPlace(fields.place, center)
  const offers = open
    ? suggest(fields.place).filter(({ place, typed }) => place.name.length !== typed || place.position)
    : []

  function typed(place: string) {
    const before = readPlace(fields.place, center)
    const after = readPlace(place, center)
    // Only a point that was newly typed moves the marker; one set by hand on the map is not moved by other words.
    const moved = after?.kind === 'position' && JSON.stringify(after) !== JSON.stringify(before)
    onChange(moved ? { place, position: after.position } : { place })
    setOpen(true)
    setActive(-1)
  }

  function choose(suggestion: Suggestion) {
    const place = complete(fields.place, suggestion)
    onChange(suggestion.place.position ? { place, position: suggestion.place.position } : { place })
    setOpen(false)
  }

  function press(event: KeyboardEvent) {
    if (offers.length === 0 || event.altKey || event.ctrlKey) return
    const chosen = offers[active]
    if (event.key === 'ArrowDown') setActive((active + 1) % offers.length)
    else if (event.key === 'ArrowUp') setActive((active - 1 + offers.length) % offers.length)
    else if (event.key === 'Enter' && chosen) choose(chosen)
    else if (event.key === 'Escape') setOpen(false)
    else return
    event.preventDefault()
  }

  return (
    <div className="sg-place">
      <TextInput
        aria-activedescendant={offers[active] ? `${id}-${active}` : undefined}
        aria-autocomplete="list"
        aria-controls={offers.length > 0 ? id : undefined}
        aria-expanded={offers.length > 0}
        autoComplete="off"
        data-testid="field-place"
        maxLength={1000}
        label={label}
        onBlur={() => setOpen(false)}
        onChange={(event) => typed(event.currentTarget.value)}
        onKeyDown={press}
        placeholder={t('place.hint')}
        role="combobox"
        size="sm"
        value={fields.place}
      />
      {offers.length > 0 && (
        <div aria-label={t('place.suggestions')} className="sg-suggestions" id={id} role="listbox">
          {offers.map((suggestion, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys are taken by the text field, which keeps the focus.
            // biome-ignore lint/a11y/useFocusableInteractive: the text field names the active option.
            <div
              aria-selected={i === active}
              className="sg-suggestion"
              id={`${id}-${i}`}
              key={`${suggestion.place.kind}${suggestion.place.name}${suggestion.place.position?.latitude}`}
              onClick={() => choose(suggestion)}
              onMouseDown={(event) => event.preventDefault()}
              role="option"
            >
              <span>{suggestion.place.name}</span>
              <span className="sg-dim">
                {t(`place.${suggestion.place.kind}`)}
                {suggestion.place.within ? ` · ${suggestion.place.within}` : ''}
              </span>
            </div>
          ))}
        </div>
      )}
      <div className="sg-point" data-testid="position">
        <Icon name="pin" size={14} />
        {fields.position ? (
          <>
            <span className="sg-mono">
              {fields.position.latitude.toFixed(5)}, {fields.position.longitude.toFixed(5)}
            </span>
            <span className="sg-dim">{sayOrigin()}</span>
            <button className="sg-link" onClick={() => onChange({ position: null })} type="button">
              {t('place.clear')}
            </button>
          </>
        ) : (
          <span className={reading?.kind === 'short_link' ? 'sg-warn' : 'sg-dim'}>
            {t(reading?.kind === 'short_link' ? 'place.short_link' : 'place.no_point')}
          </span>
        )}
        {location?.civic && (
          <span className="sg-dim sg-ellipsis">{t('place.network_says', { civic: location.civic })}</span>
        )}
      </div>
      {unfetched && !fields.position && (
        <div className="sg-warn" data-testid="place-not-fetched" role="status">
          <Icon name="warning" size={14} /> {t('place.not_fetched', { why: t(unfetched) })}
        </div>
      )}
    </div>
  )

  function sayOrigin(): string {
    const same = (other: Position | null | undefined) =>
      other?.latitude === fields.position?.latitude && other?.longitude === fields.position?.longitude
    if (reading?.kind === 'position' && same(reading.position)) return t('place.from_text')
    if (location && same(location.position)) return sayNetwork(location)
    return t('place.from_map')
  }

  /** How far to trust it: the network may know the place by the cell alone, or from an hour ago. */
  function sayNetwork({ radius_m, method, at }: CallerLocation): string {
    const far = radius_m ? t('place.from_network', { metres: Math.round(radius_m) }) : t('place.from_network_exact')
    const parts = [far, method && t('place.found_by', { method }), at && t('place.found_at', { at: dayAndClock(at) })]
    return parts.filter(Boolean).join(', ')
  }
}
