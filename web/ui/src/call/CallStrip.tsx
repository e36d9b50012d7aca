/** Under the call bar, during a call: what is known of the call, who else takes part, and whom to bring in. */
import { Button } from '@mantine/core'
import type { CallView, PartyView } from '../api/types'
import { Icon, type IconName } from '../app/Icon'
import { Key } from '../app/Key'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { useNow } from '../util/now'
import { elapsed } from '../util/time'
import { CallerKeys } from './CallerKeys'
import { CallFacts } from './CallFacts'
import { openDial } from './DialDialog'
import { callerGone, canHandOver, canMerge, handedTo, hasCaller, isMine, lastParty, nameOf } from './parties'
import { dropParty, handOver, merge, promptSilent } from './partyActions'

const MONITOR_ICONS = { listen: 'ear', whisper: 'talk', barge: 'speaker' } as const

export function CallStrip({ call }: { call: CallView }) {
  const t = useT()
  const mine = isMine(call)
  const last = lastParty(call)
  const joins = canMerge(call)
  const leaves = canHandOver(call)
  const silent = hasCaller(call) && call.direction === 'inbound'
  useShortcuts({
    merge: joins ? () => void merge(call.id) : null,
    handOver: leaves ? () => void handOver(call.id) : null,
    dropParty: mine && last ? () => void dropParty(call.id, last.id) : null,
    silentPrompt: silent ? () => void promptSilent(call.id) : null,
  })
  return (
    <section aria-label={t('call.strip')} className="sg-strip" data-testid="call-strip">
      <div className="sg-strip-facts">
        <CallerKeys call={call} />
        {callerGone(call) && (
          <span className="sg-tag sg-tag-warn" data-testid="caller-gone" role="status">
            <Icon name="hangUp" /> {t('call.caller_gone_explain')}
          </span>
        )}
        {call.parties.map((party) => (
          <Party
            aside={party.state === 'consulting' && call.state === 'active'}
            call={call.id}
            key={party.id}
            may={mine}
            newest={party.id === last?.id}
            party={party}
          />
        ))}
        {call.monitors.map(({ supervisor, name, mode }) => (
          <span className="sg-tag sg-tag-warn" data-monitor={mode} data-testid="monitor" key={supervisor}>
            <Icon name={MONITOR_ICONS[mode]} /> {t(`monitor.by.${mode}`, { name })}
          </span>
        ))}
        <CallFacts call={call} />
      </div>
      <div className="sg-strip-do">
        {joins && (
          <Button
            color="ok"
            data-testid="merge"
            leftSection={<Icon name="join" />}
            onClick={() => void merge(call.id)}
            rightSection={<Key of="merge" />}
            size="compact-sm"
            title={t('party.merge_explain')}
          >
            {t('party.merge')}
          </Button>
        )}
        {leaves && (
          <Button
            data-testid="hand-over"
            leftSection={<Icon name="arrowOut" />}
            onClick={() => void handOver(call.id)}
            rightSection={<Key of="handOver" />}
            size="compact-sm"
            title={t('party.hand_over_explain', { name: handedTo(call) })}
            variant="default"
          >
            {t('party.hand_over')}
          </Button>
        )}
        {mine && (
          <Button
            data-testid="dial"
            leftSection={<Icon name="plus" />}
            onClick={() => openDial({ purpose: 'party', call: call.id })}
            rightSection={<Key of="dial" />}
            size="compact-sm"
            variant="default"
          >
            {t('party.call_in')}
          </Button>
        )}
        {silent && (
          <Button
            data-testid="silent-prompt"
            leftSection={<Icon name="hash" />}
            onClick={() => void promptSilent(call.id)}
            rightSection={<Key of="silentPrompt" />}
            size="compact-sm"
            title={t('silent.explain')}
            variant="default"
          >
            {t('silent.prompt')}
          </Button>
        )}
      </div>
    </section>
  )
}

const PARTY_ICONS: Record<PartyView['state'], IconName> = {
  dialling: 'clock',
  ringing: 'bell',
  consulting: 'talk',
  joined: 'join',
}

interface PartyProps {
  /** The operator has gone back to the caller meanwhile, and the party waits. */
  aside: boolean
  call: string
  party: PartyView
  /** Whether this person may take the party out. */
  may: boolean
  /** The one that the key takes out. */
  newest: boolean
}

function Party({ aside, call, party, may, newest }: PartyProps) {
  const t = useT()
  const now = useNow()
  const name = nameOf(party)
  return (
    <span className={`sg-tag sg-party sg-party-${party.state}`} data-party-state={party.state} data-testid="party">
      <Icon name={PARTY_ICONS[party.state]} />
      <strong className="sg-ellipsis" title={party.number}>
        {name}
      </strong>
      <span>{t(aside ? 'party.aside' : `party.state.${party.state}`)}</span>
      <span className="sg-mono">{elapsed(now - Date.parse(party.since))}</span>
      {may && (
        <button
          aria-label={t('party.drop', { name })}
          className="sg-tag-button"
          data-testid={`drop-${party.id}`}
          onClick={() => void dropParty(call, party.id)}
          title={t('party.drop', { name })}
          type="button"
        >
          <Icon name="cross" size={14} />
          {newest && <Key of="dropParty" />}
        </button>
      )}
    </span>
  )
}
