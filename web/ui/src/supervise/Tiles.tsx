/** The numbers of the wall: each with its goal, and the light as colour, sign and word. */
import { useCallbacks, useToday } from '../api/queries'
import type { CallView, OperatorView, ServiceLevel } from '../api/types'
import { Icon, type IconName } from '../app/Icon'
import { useT } from '../i18n/i18n'
import { LATE_MS, waitsSince } from '../queue/line'
import { useNow } from '../util/now'
import { elapsed } from '../util/time'
import { type Light, lightOf, percentOf } from './serviceLevel'

const SIGNS: Record<Light, IconName> = { none: 'clock', kept: 'check', close: 'warning', missed: 'cross' }

export function Tiles({ waiting, operators }: { waiting: CallView[]; operators: OperatorView[] }) {
  const t = useT()
  const now = useNow()
  const today = useToday(waiting.length > 0).data
  const callbacks = useCallbacks().data ?? []
  const longest = Math.max(0, ...waiting.map((call) => now - waitsSince(call)))
  const ready = operators.filter(({ state }) => state.state === 'ready').length
  return (
    <div className="sg-tiles-row">
      <Tile
        light={waiting.length === 0 ? 'kept' : longest > LATE_MS ? 'missed' : 'close'}
        name={t('wall.waiting')}
        note={waiting.length > 0 ? t('wall.longest', { time: elapsed(longest) }) : t('queue.nobody')}
        testId="tile-waiting"
        value={String(waiting.length)}
      />
      <Tile
        light={ready > 0 ? 'kept' : operators.length > 0 ? 'close' : 'missed'}
        name={t('wall.ready')}
        note={t('wall.on_shift', { n: operators.length })}
        testId="tile-ready"
        value={String(ready)}
      />
      {(today?.service_levels ?? []).map((level) => (
        <Level key={level.within_s} level={level} />
      ))}
      {today && (
        <Tile
          light={callbacks.length === 0 ? 'kept' : 'close'}
          name={t('wall.abandoned')}
          note={t('wall.callbacks', { n: callbacks.length })}
          testId="tile-abandoned"
          value={String(today.abandoned)}
        />
      )}
      {today && (
        <Tile
          light="none"
          name={t('wall.calls')}
          note={t('wall.answered', { n: today.answered })}
          testId="tile-calls"
          value={String(today.calls)}
        />
      )}
    </div>
  )
}

function Level({ level }: { level: ServiceLevel }) {
  const t = useT()
  const light = lightOf(level)
  const percent = percentOf(level)
  return (
    <Tile
      light={light}
      name={t('wall.level', { seconds: level.within_s })}
      note={`${t(`wall.light.${light}`)} · ${t('wall.goal', { percent: level.goal_percent, answered: level.answered, of: level.of })}`}
      testId={`tile-level-${level.within_s}`}
      value={percent === null ? '—' : `${percent} %`}
    />
  )
}

interface TileProps {
  name: string
  value: string
  note: string
  light: Light
  testId: string
}

function Tile({ name, value, note, light, testId }: TileProps) {
  return (
    <dl className={`sg-wall-tile sg-light-${light}`} data-light={light} data-testid={testId}>
      <dt>{name}</dt>
      <dd className="sg-wall-value">
        {light !== 'none' && <Icon name={SIGNS[light]} size={22} />} {value}
      </dd>
      <dd className="sg-wall-note">{note}</dd>
    </dl>
  )
}
