/** The page between sign-in and the first call: one click, a test of the headset, ready. */
import { Alert, Button, Paper, Title } from '@mantine/core'
import { useState } from 'react'
import type { MediaTest } from '../api/types'
import { Icon } from '../app/Icon'
import { sayError, sayMicrophone } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { useStore } from '../util/store'
import { DevicePicker } from './DevicePicker'
import { LevelBar } from './LevelBar'
import { media } from './mediaLeg'
import { PhoneChoice } from './PhoneChoice'
import { setReadiness, shift, startByPhone, startShift, testedBefore, testHeadset } from './shift'

/** Softer than this the caller would hardly hear the operator. */
const QUIET_DBFS = -50

export function StartShift() {
  const t = useT()
  const phase = useStore(shift)
  const { phase: leg, microphone, microphoneProblem } = useStore(media)
  const [error, setError] = useState<string | null>(null)
  const [test, setTest] = useState<MediaTest | 'running' | null>(null)
  const [starting, setStarting] = useState(false)

  async function start() {
    setStarting(true)
    setError(null)
    try {
      await startShift()
      void runTest()
    } catch (cause) {
      setError(sayError(cause))
    } finally {
      setStarting(false)
    }
  }

  async function byPhone(phone: string) {
    setStarting(true)
    setError(null)
    try {
      await startByPhone(phone)
    } catch (cause) {
      setError(sayError(cause))
    } finally {
      setStarting(false)
    }
  }

  async function runTest() {
    setTest('running')
    try {
      setTest(await testHeadset())
    } catch (cause) {
      setTest(null)
      setError(sayError(cause))
    }
  }

  async function ready() {
    setError(null)
    await setReadiness({ state: 'ready' }).catch((cause: unknown) => setError(sayError(cause)))
  }

  if (phase !== 'testing') {
    return (
      <main className="sg-center">
        <Paper className="sg-card sg-wide">
          <Title order={1} size="h2">
            {t('shift.title')}
          </Title>
          <p>{t('shift.explain')}</p>
          {error && <Alert color="danger">{error}</Alert>}
          <Button
            autoFocus
            data-testid="start-shift"
            leftSection={<Icon name="play" />}
            loading={starting}
            onClick={start}
            size="xl"
          >
            {t('shift.start')}
          </Button>
          <p className="sg-dim">{t('shift.permission')}</p>
          <PhoneChoice busy={starting} choose={(phone) => void byPhone(phone)} />
        </Paper>
      </main>
    )
  }

  const result = test !== 'running' ? test : null
  const level = result?.microphone_dbfs
  const heard = level !== null && level !== undefined && level > QUIET_DBFS
  const connected = leg === 'connected'
  return (
    <main className="sg-center">
      <Paper className="sg-card sg-wide">
        <Title order={1} size="h2">
          {t('shift.test_title')}
        </Title>
        <ul className="sg-checks">
          <Check
            good={connected}
            text={connected ? t('shift.connected') : t('shift.connecting')}
            waiting={!connected}
          />
          <Check
            good={heard}
            text={testText()}
            waiting={test === 'running' || test === null}
            warn={result !== null && !heard}
          />
        </ul>
        <div className="sg-row">
          <Icon name="mic" />
          <LevelBar label={t('shift.microphone_level')} stream={microphone} testId="microphone-level" />
          <Button disabled={!connected} loading={test === 'running'} onClick={runTest} variant="default">
            {t('shift.test_again')}
          </Button>
        </div>
        <p>{t('shift.tone_question')}</p>
        {microphoneProblem && <Alert color="danger">{sayMicrophone(microphoneProblem)}</Alert>}
        {error && <Alert color="danger">{error}</Alert>}
        <DevicePicker />
        <Button
          color="ok"
          data-testid="shift-ready"
          disabled={!connected || (!testedBefore() && (test === null || test === 'running'))}
          leftSection={<Icon name="check" />}
          onClick={ready}
          size="lg"
        >
          {result && !heard ? t('shift.ready_anyway') : t('shift.ready')}
        </Button>
      </Paper>
    </main>
  )

  function testText() {
    if (test === 'running' || test === null) return t('shift.test_running')
    if (level === null || level === undefined) return t('shift.server_hears_nothing')
    return t(heard ? 'shift.server_hears' : 'shift.server_hears_little', { level: level.toFixed(0) })
  }
}

function Check({ good, waiting, warn, text }: { good: boolean; waiting: boolean; warn?: boolean; text: string }) {
  return (
    <li className={good ? 'sg-ok' : warn ? 'sg-warn' : 'sg-dim'}>
      <Icon name={good ? 'check' : waiting ? 'clock' : 'warning'} size={20} /> {text}
    </li>
  )
}
