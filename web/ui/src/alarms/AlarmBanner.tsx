import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { live } from '../live/live'
import { useNow } from '../util/now'
import { useStore } from '../util/store'
import { elapsed } from '../util/time'
import { acknowledgeLine, silenced, sounding } from './alarms'
import { type AlarmLine, linesOf } from './lines'
import { sayLine } from './say'

/** The most pressing alarm in full, and on request the others, of which each can be seen to by itself. */
export function AlarmBanner() {
  const t = useT()
  const { alarms } = useStore(live)
  const quiet = useStore(silenced)
  const [error, setError] = useState<string | null>(null)
  const [opened, setOpened] = useState(false)
  const [first, ...others] = linesOf(sounding(alarms, quiet))
  const take = (line: AlarmLine) => {
    setError(null)
    void acknowledgeLine(line).catch((cause: unknown) => setError(sayError(cause)))
  }
  useShortcuts({ acknowledge: first ? () => take(first) : null })
  // A list that is done with does not open by itself over the form when the next alarms come.
  if (opened && others.length === 0) setOpened(false)
  if (!first) return null
  return (
    <>
      <div
        aria-live="assertive"
        className="sg-alarm"
        data-alarm={first.first.kind.kind}
        data-testid="alarm"
        role="alert"
      >
        <Icon name="warning" size={20} />
        <strong>{sayLine(first)}</strong>
        <Since line={first} />
        {others.length > 0 && (
          <Button
            aria-controls="other-alarms"
            aria-expanded={opened}
            className="sg-alarm-more"
            data-testid="more-alarms"
            onClick={() => setOpened(!opened)}
            size="compact-sm"
          >
            {t('alarm.more', { n: others.length })} {opened ? '▴' : '▾'}
          </Button>
        )}
        {error && <span>{error}</span>}
        <span className="sg-grow" />
        <Incident line={first} />
        <Button
          className="sg-alarm-button"
          data-testid="acknowledge-alarm"
          onClick={() => take(first)}
          rightSection={<Key of="acknowledge" />}
          size="compact-sm"
        >
          {t('alarm.acknowledge')}
        </Button>
      </div>
      {opened && others.length > 0 && (
        <ul className="sg-alarms" id="other-alarms">
          {others.map((line) => (
            <li data-alarm={line.first.kind.kind} data-testid="other-alarm" key={line.first.id}>
              <span>{sayLine(line)}</span>
              <Since line={line} />
              <span className="sg-grow" />
              <Incident line={line} />
              <Button
                className="sg-alarm-button"
                data-testid="acknowledge-other"
                onClick={() => take(line)}
                size="compact-sm"
              >
                {t('alarm.acknowledge')}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function Since({ line }: { line: AlarmLine }) {
  return <span className="sg-mono">{elapsed(useNow() - Date.parse(line.first.raised_at))}</span>
}

function Incident({ line: { first } }: { line: AlarmLine }) {
  const t = useT()
  if (!('incident' in first.kind)) return null
  return (
    <Link className="sg-alarm-link" data-testid="alarm-incident" href={`/incidents/${first.kind.incident}`}>
      {t('history.open_incident')}
    </Link>
  )
}
