import { useTypes } from '../api/queries'
import type { ReportFields } from '../api/types'
import { language, useT } from '../i18n/i18n'

export function ReportFacts({ fields }: { fields: Partial<ReportFields> }) {
  const t = useT()
  const type = useTypes().data?.find(({ id }) => id === fields.incident_type)
  const rows: [string, string][] = [
    [t('form.place'), fields.place ?? ''],
    [
      t('map.place'),
      fields.position ? `${fields.position.latitude.toFixed(5)}, ${fields.position.longitude.toFixed(5)}` : '',
    ],
    [t('form.event'), fields.event ?? ''],
    [t('form.type'), type ? (language.get() === 'en' ? type.name_en : type.name) : ''],
    [t('form.name'), fields.caller_name ?? ''],
    [t('form.number'), fields.caller_number ?? ''],
    [t('form.details'), fields.details ?? ''],
  ]
  return (
    <dl className="sg-facts">
      {rows
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
