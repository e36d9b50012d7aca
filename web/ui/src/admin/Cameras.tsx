import { post, put } from '../api/client'
import { useCameras } from '../api/queries'
import type { CameraView, SaveCamera } from '../api/types'
import { useT } from '../i18n/i18n'
import { positionOf } from './position'
import { Records } from './Records'

interface Form {
  name: string
  latitude: number | string
  longitude: number | string
  url: string
  username: string
  password: string
  active: boolean
}

export function Cameras() {
  const t = useT()
  return (
    <Records<CameraView, Form>
      columns={[
        { title: t('admin.name'), of: ({ name }) => name },
        {
          title: t('map.place'),
          of: ({ position }) => `${position.latitude.toFixed(5)}, ${position.longitude.toFixed(5)}`,
        },
        {
          title: t('history.state'),
          of: ({ state }) => t(`camera.state.${state.state}`) + (state.state === 'failing' ? `: ${state.why}` : ''),
        },
        { title: t('admin.active'), of: ({ active }) => t(active ? 'admin.yes' : 'admin.no') },
      ]}
      fields={(row) => [
        { name: 'name', label: t('admin.name'), kind: 'text', required: true },
        { name: 'latitude', label: t('admin.latitude'), kind: 'degrees', required: true },
        { name: 'longitude', label: t('admin.longitude'), kind: 'degrees', required: true },
        {
          name: 'url',
          label: t('admin.camera_url'),
          hint: row ? t('admin.secret_keep') : 'rtsp://host:554/path',
          kind: 'text',
          required: !row,
        },
        { name: 'username', label: t('signin.username'), hint: row ? t('admin.secret_keep') : undefined, kind: 'text' },
        {
          name: 'password',
          label: t('signin.password'),
          hint: row ? t('admin.secret_keep') : undefined,
          kind: 'password',
        },
        { name: 'active', label: t('admin.active'), kind: 'switch' },
      ]}
      form={(row) => ({
        name: row?.name ?? '',
        latitude: row?.position.latitude ?? '',
        longitude: row?.position.longitude ?? '',
        url: '',
        username: '',
        password: '',
        active: row?.active ?? true,
      })}
      name="camera"
      rows={useCameras().data ?? []}
      save={({ name, latitude, longitude, url, username, password, active }, row) => {
        const position = positionOf(latitude, longitude) ?? row?.position ?? { latitude: 0, longitude: 0 }
        const body: SaveCamera = {
          name,
          position,
          active,
          url: url.trim() || null,
          username: username || null,
          password: password || null,
        }
        return row ? put(`/cameras/${row.id}`, body) : post('/cameras', body)
      }}
    />
  )
}
