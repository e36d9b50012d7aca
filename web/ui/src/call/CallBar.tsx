/** The top of every page: the call, what can be done with it, and whether everything is connected. */
import { Button, Popover } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { CallView } from '../api/types'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { live } from '../live/live'
import { LevelBar } from '../shift/LevelBar'
import { media, setMuted } from '../shift/mediaLeg'
import { useMyPhone } from '../shift/phone'
import { Monitoring } from '../supervise/Monitoring'
import { useNow } from '../util/now'
import { useSelect, useStore } from '../util/store'
import { elapsed } from '../util/time'
import { act, refusal } from './actions'
import { CallStrip } from './CallStrip'
import { Connections } from './Connections'
import { DialDialog, openDial } from './DialDialog'
import { Keypad } from './Keypad'
import { MainMenu } from './MainMenu'
import { Pause } from './Pause'
import { PhoneHint } from './PhoneHint'
import { callerGone, consulted, isMine } from './parties'
import { RingBanner } from './RingBanner'
import { useKeypad } from './useKeypad'
import { useMyCall } from './useMyCall'

export function CallBar() {
  const t = useT()
  const call = useMyCall()
  const problem = useStore(refusal)
  const ringing = useSelect(live, ({ offered }) => offered)
  const rings = ringing !== null && call?.id === ringing
  return (
    <>
      <section aria-label={t('call.bar')} className="sg-bar">
        {call && rings ? <RingBanner call={call} /> : call ? <ActiveCall call={call} /> : <Idle />}
        {problem && (
          <output aria-live="assertive" className="sg-bar-problem">
            <Icon name="warning" /> {problem}
          </output>
        )}
        <span className="sg-visually-hidden" aria-live="polite">
          {call ? t(callerGone(call) ? 'call.caller_gone' : `call.state.${call.state}`) : t('call.none')}
        </span>
        <PhoneHint />
        <Connections />
        <MainMenu />
      </section>
      {call && !rings && <CallStrip call={call} />}
      <Monitoring />
      <DialDialog />
    </>
  )
}

function Idle() {
  const t = useT()
  return (
    <>
      <div className="sg-bar-call">
        <span className="sg-call-state" data-call-state="none" data-testid="call-state">
          <Icon name="phone" size={22} /> {t('call.none')}
        </span>
      </div>
      <Pause />
    </>
  )
}

function ActiveCall({ call }: { call: CallView }) {
  const t = useT()
  const now = useNow()
  const { muted, microphone, remote } = useStore(media)
  const [keypad, setKeypad] = useState(false)
  const calling = call.state === 'calling'
  const keys = useKeypad(call.id, keypad && !calling)
  const held = call.state === 'held'
  const party = consulted(call)
  const byPhone = useMyPhone() !== null
  const gone = callerGone(call)
  const hold = calling || gone ? null : () => void act(call.id, held ? 'resume' : 'hold')
  const hangUp = () => void act(call.id, 'hangup')
  useShortcuts({
    hold,
    hangUp,
    // A desk phone has a key of its own for that.
    mute: byPhone ? null : () => setMuted(!muted),
    keypad: calling ? null : () => setKeypad((open) => !open),
    dial: isMine(call) ? () => openDial({ purpose: 'party', call: call.id }) : null,
  })
  // A muted microphone must not outlive the call it was muted for.
  useEffect(() => () => setMuted(false), [])
  return (
    <>
      <div className="sg-bar-call">
        <span className={`sg-call-state sg-call-${call.state}`} data-call-state={call.state} data-testid="call-state">
          <Icon name={held ? 'pause' : calling ? 'arrowOut' : 'phone'} size={22} />
          <span className="sg-ellipsis">
            {gone ? t('call.caller_gone') : party && held ? t('call.consulting') : t(`call.state.${call.state}`)}
          </span>
        </span>
        <strong className="sg-number">{call.number ?? t('call.no_number')}</strong>
        {call.name && <span className="sg-ellipsis">{call.name}</span>}
        <span className="sg-timer" data-testid="call-timer">
          {elapsed(now - Date.parse(call.answered_at ?? call.arrived_at))}
        </span>
      </div>
      {!byPhone && (
        <div className="sg-levels">
          <Icon name={muted ? 'micOff' : 'mic'} />
          <LevelBar label={t('call.level_out')} stream={microphone} testId="level-microphone" />
          <Icon name="speaker" />
          <LevelBar label={t('call.level_in')} stream={remote} testId="level-caller" />
        </div>
      )}
      <div className="sg-row">
        {hold && (
          <Button data-testid="hold" onClick={hold} rightSection={<Key of="hold" />} variant="default">
            {t(party ? (held ? 'call.to_caller' : 'call.to_party') : held ? 'call.resume' : 'call.hold')}
          </Button>
        )}
        {!byPhone && (
          <Button
            aria-pressed={muted}
            className={muted ? 'sg-alert-fill' : ''}
            data-testid="mute"
            onClick={() => setMuted(!muted)}
            rightSection={<Key of="mute" />}
            variant="default"
          >
            {t(muted ? 'call.unmute' : 'call.mute')}
          </Button>
        )}
        {!calling && (
          <Popover onChange={setKeypad} opened={keypad} trapFocus withinPortal>
            <Popover.Target>
              <Button
                aria-label={t('call.keypad')}
                data-testid="keypad"
                onClick={() => setKeypad(!keypad)}
                rightSection={<Key of="keypad" />}
                title={t('call.keypad')}
                variant="default"
              >
                <Icon name="keypad" />
              </Button>
            </Popover.Target>
            <Popover.Dropdown>
              <Keypad press={keys.press} sent={keys.sent} />
            </Popover.Dropdown>
          </Popover>
        )}
        <Button
          color="danger"
          data-testid="hang-up"
          leftSection={<Icon name="hangUp" />}
          onClick={hangUp}
          rightSection={<Key of="hangUp" />}
        >
          {t(calling ? 'call.cancel' : 'call.hang_up')}
        </Button>
      </div>
    </>
  )
}
