/** What the networks say of a call besides its place, in the order of what an operator needs first. */
import { Popover } from '@mantine/core'
import { useState } from 'react'
import type { CallView } from '../api/types'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { language, t as say, useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { live } from '../live/live'
import { useSelect, useStore } from '../util/store'
import { sayLanguages } from './language'
import { type NetworkFact, networkFacts } from './networkFacts'
import { worstOf } from './quality'

export function CallFacts({ call }: { call: CallView }) {
  const t = useT()
  const inLanguage = useStore(language)
  return (
    <>
      <Quality call={call.id} />
      {call.text && (
        <span className={call.text === 'unavailable' ? 'sg-tag sg-tag-bad' : 'sg-tag'} data-testid="uses-text">
          <Icon name="talk" /> {t(call.text === 'unavailable' ? 'text.unavailable' : 'text.uses')}
        </span>
      )}
      {call.callback_of ? (
        <span className="sg-tag">
          <Icon name="arrowBack" /> {t('call.callback')}
        </span>
      ) : (
        call.direction === 'outbound' && (
          <span className="sg-tag">
            <Icon name="arrowOut" /> {t('call.outbound')}
          </span>
        )
      )}
      <Priority brief={call.parties.length > 0} call={call} />
      {call.languages.length > 0 && (
        <span className="sg-tag" data-testid="languages">
          <Icon name="globe" /> {sayLanguages(call.languages, inLanguage)}
        </span>
      )}
      <NetworkData call={call} />
    </>
  )
}

export function Priority({ call, brief = false }: { call: CallView; brief?: boolean }) {
  const t = useT()
  if (call.priority === 'normal') return null
  const low = call.priority === 'low'
  return (
    <span
      className={low ? 'sg-tag sg-tag-warn' : 'sg-tag sg-tag-hot'}
      data-priority={call.priority}
      title={t(`priority.${call.priority}`)}
    >
      <Icon name={low ? 'down' : 'up'} /> {t(brief ? `priority.short.${call.priority}` : `priority.${call.priority}`)}
    </span>
  )
}

const GRADE_LOOKS = { good: 'sg-tag', fair: 'sg-tag sg-tag-warn', bad: 'sg-tag sg-tag-bad' } as const

function Quality({ call }: { call: string }) {
  const t = useT()
  const worst = worstOf(useSelect(live, ({ quality }) => quality[call]))
  if (!worst) return null
  const { grade, side, mos, loss, jitter } = worst
  return (
    <span
      className={GRADE_LOOKS[grade]}
      data-quality={grade}
      data-testid="quality"
      title={[grade !== 'good' && t('quality.advice'), t('quality.detail', { mos: mos.toFixed(1), loss, jitter })]
        .filter(Boolean)
        .join(' ')}
    >
      <Icon name={grade === 'good' ? 'bars' : 'warning'} />{' '}
      {grade === 'good' ? t('quality.good') : t(`quality.${grade}.${side}`)}
    </span>
  )
}

/** The cell and what RFC 7852 brought: the first fact in view, all of them by one key. */
function NetworkData({ call }: { call: CallView }) {
  const t = useT()
  const [open, setOpen] = useState(false)
  const facts = networkFacts(call)
  useShortcuts({ callFacts: facts.length > 0 ? () => setOpen((now) => !now) : null })
  const first = facts[0]
  if (!first) return null
  return (
    <Popover onChange={setOpen} opened={open} position="bottom-start" trapFocus width={440} withinPortal>
      <Popover.Target>
        <button
          aria-expanded={open}
          className="sg-tag sg-tag-press"
          data-testid="network-data"
          onClick={() => setOpen(!open)}
          type="button"
        >
          <Icon name="card" />
          <span className="sg-ellipsis">
            {sayFact(first)}: {first.value}
          </span>
          {facts.length > 1 && <span>{t('call.more_facts', { n: facts.length - 1 })}</span>}
          <Key of="callFacts" />
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <NetworkFacts call={call} />
      </Popover.Dropdown>
    </Popover>
  )
}

export function NetworkFacts({ call }: { call: CallView }) {
  useT()
  return (
    <dl className="sg-facts sg-facts-small" data-testid="network-facts" tabIndex={0}>
      {networkFacts(call).map((fact, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is what the network sent once, and may repeat itself.
        <div key={i}>
          <dt>{sayFact(fact)}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A comment has no name of its own. */
const sayFact = ({ kind, label }: NetworkFact): string =>
  [say(`fact.${kind}`), kind !== 'comment' && label].filter(Boolean).join(' · ')
