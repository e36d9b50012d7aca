import { Button, Select, Switch } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useT } from '../i18n/i18n'
import { useStore } from '../util/store'
import { startPattern, stopPattern } from './audio'
import { chooseDevices, devices, listDevices } from './devices'
import { media } from './mediaLeg'

export function DevicePicker() {
  const t = useT()
  const chosen = useStore(devices)
  const { microphone } = useStore(media)
  const [found, setFound] = useState<{ inputs: MediaDeviceInfo[]; outputs: MediaDeviceInfo[] }>({
    inputs: [],
    outputs: [],
  })
  // Names of devices are readable only once the microphone was allowed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is read again when the microphone changes.
  useEffect(() => {
    const read = () => void listDevices().then(setFound, () => undefined)
    read()
    navigator.mediaDevices?.addEventListener('devicechange', read)
    return () => navigator.mediaDevices?.removeEventListener('devicechange', read)
  }, [microphone])

  const options = (list: MediaDeviceInfo[]) => [
    { value: 'system', label: t('shift.system_device') },
    ...list
      .filter(({ deviceId }) => !['default', 'communications'].includes(deviceId))
      .map((device) => ({ value: device.deviceId, label: device.label || t('shift.unnamed_device') })),
  ]
  const value = (id: string) => id || 'system'
  const choose = (name: 'microphone' | 'speaker' | 'ring') => (id: string | null) =>
    chooseDevices({ [name]: id && id !== 'system' ? id : '' })

  async function tryRing() {
    startPattern('ring')
    setTimeout(() => stopPattern('ring'), 2400)
  }

  return (
    <div className="sg-stack">
      <Select
        allowDeselect={false}
        data={options(found.inputs)}
        label={t('shift.microphone')}
        onChange={choose('microphone')}
        value={value(chosen.microphone)}
      />
      <Select
        allowDeselect={false}
        data={options(found.outputs)}
        label={t('shift.speaker')}
        onChange={choose('speaker')}
        value={value(chosen.speaker)}
      />
      <div className="sg-row sg-end">
        <Select
          allowDeselect={false}
          className="sg-grow"
          data={options(found.outputs)}
          label={t('shift.ring_device')}
          onChange={choose('ring')}
          value={value(chosen.ring)}
        />
        <Button onClick={tryRing} variant="default">
          {t('shift.try_ring')}
        </Button>
      </div>
      <Switch
        checked={chosen.processing}
        label={t('shift.processing')}
        onChange={(event) => chooseDevices({ processing: event.currentTarget.checked })}
      />
    </div>
  )
}
