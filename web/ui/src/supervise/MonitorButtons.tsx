import type { CallView, MonitorMode } from '../api/types'
import { Icon } from '../app/Icon'
import { monitor } from '../call/partyActions'
import { useT } from '../i18n/i18n'

export const MONITOR_ICONS = { listen: 'ear', whisper: 'talk', barge: 'speaker' } as const
const MODES: MonitorMode[] = ['listen', 'whisper', 'barge']

/** Listen, whisper, barge, stop: which one is on is pressed, and each says who hears it. */
export function MonitorButtons({ call, mode, may }: { call: CallView; mode: MonitorMode | null; may: boolean }) {
  const t = useT()
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame that the row has no room for.
    <span aria-label={t('monitor.title')} className="sg-monitor" role="group">
      {MODES.map((one) => (
        <button
          aria-pressed={mode === one}
          className="sg-small"
          data-testid={`monitor-${one}-${call.id}`}
          disabled={!may}
          key={one}
          onClick={() => void monitor(call.id, one)}
          title={t(`monitor.explain.${one}`)}
          type="button"
        >
          <Icon name={MONITOR_ICONS[one]} size={14} /> {t(`monitor.${one}`)}
        </button>
      ))}
      {mode && (
        <button
          aria-label={t('monitor.stop')}
          className="sg-small sg-small-stop"
          data-testid={`monitor-stop-${call.id}`}
          onClick={() => void monitor(call.id, null)}
          title={t('monitor.stop')}
          type="button"
        >
          <Icon name="cross" size={14} />
        </button>
      )}
    </span>
  )
}
