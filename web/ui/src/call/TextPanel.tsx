/** What caller and operator type to each other, letter by letter, and the box to type in. */
import { Textarea } from '@mantine/core'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { CallView, TextLine } from '../api/types'
import { Icon } from '../app/Icon'
import { Key } from '../app/Key'
import { sayError } from '../i18n/errors'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { live } from '../live/live'
import { useSelect, useStore } from '../util/store'
import { clock } from '../util/time'
import { followText, outboxes, typistOf } from './texting'
import type { Outbox } from './typist'

/** Stands where the network lost letters. */
const LOST = '\ufffd'
const NO_LINES: TextLine[] = []
/** Nearer to the end than this, and the newest line is what one wants to see. */
const AT_END_PX = 40

/** `may`: this person types; others only read. */
export function TextPanel({ call, may, named }: { call: CallView; may: boolean; named: boolean }) {
  const t = useT()
  const text = useSelect(live, ({ texts }) => texts[call.id])
  const lines = text?.lines ?? NO_LINES
  useEffect(() => (call.state === 'ended' ? undefined : followText(call.id)), [call.id, call.state])
  const over = call.state === 'ended' || call.text === 'ended'
  const open = may && !over && call.text === 'open'
  return (
    <section aria-label={t('text.title')} className="sg-panel sg-text" data-call={call.id} data-testid="text-panel">
      <h2 className="sg-row">
        <Icon name="talk" /> {t('text.title')}
        {named && <span className="sg-mono">{call.number ?? t('call.no_number')}</span>}
        <span className="sg-grow" />
        {text?.cut && <span className="sg-warn">{t('text.cut')}</span>}
        <span className={over ? 'sg-warn' : 'sg-dim'} data-testid="text-state" role="status">
          {t(call.state === 'ended' ? 'text.call_over' : `text.state.${call.text ?? 'open'}`)}
        </span>
      </h2>
      <Lines lines={lines} />
      {open && <Box call={call.id} />}
    </section>
  )
}

function Lines({ lines }: { lines: TextLine[] }) {
  const t = useT()
  const list = useRef<HTMLOListElement>(null)
  const atEnd = useRef(true)
  const last = lines[lines.length - 1]
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is written moves the end.
  useEffect(() => {
    if (list.current && atEnd.current) list.current.scrollTop = list.current.scrollHeight
  }, [last?.text, lines.length])
  const heard = lines.filter(({ side, ended }) => side === 'caller' && ended).at(-1)
  return (
    <>
      <ol
        aria-label={t('text.conversation')}
        className="sg-text-lines"
        data-testid="text-lines"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < AT_END_PX
        }}
        ref={list}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable by keyboard.
        tabIndex={0}
      >
        {lines.length === 0 && <li className="sg-dim">{t('text.nothing')}</li>}
        {lines.map((line) => (
          <li data-ended={line.ended} data-side={line.side} key={line.n}>
            <span className="sg-text-who">{line.side === 'caller' ? t('actor.caller') : line.by}</span>
            <bdi className="sg-text-words">
              {line.text}
              {!line.ended && <span aria-hidden="true" className="sg-text-cursor" />}
              {line.text.includes(LOST) && <span className="sg-text-lost">{t('text.lost')}</span>}
            </bdi>
            <time className="sg-mono sg-dim" dateTime={line.at}>
              {clock(line.at)}
            </time>
          </li>
        ))}
      </ol>
      {/* Whole lines only: a reader that speaks each letter as it comes says nothing at all. */}
      <div aria-live="polite" className="sg-visually-hidden" data-testid="text-spoken">
        {heard && (
          <span key={heard.n}>
            {t('actor.caller')}: {heard.text}
          </span>
        )}
      </div>
    </>
  )
}

const EMPTY: Outbox = { box: '', state: 'sent' }

function Box({ call }: { call: string }) {
  const t = useT()
  const typist = typistOf(call)
  const { box, state } = useStore(outboxes)[call] ?? EMPTY
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => typist.resume(), [typist])
  useShortcuts({ text: () => field.current?.focus() })
  const press = (key: KeyboardEvent) => {
    if (key.key !== 'Enter' || key.nativeEvent.isComposing || key.ctrlKey || key.altKey) return
    key.preventDefault()
    typist.enter()
  }
  return (
    <div className="sg-text-box">
      <Textarea
        aria-describedby="text-help"
        aria-label={t('text.type')}
        autosize
        data-testid="text-input"
        maxRows={3}
        minRows={1}
        onChange={(e) => typist.write(e.currentTarget.value)}
        onKeyDown={press}
        placeholder={t('text.type')}
        ref={field}
        rightSection={<Key of="text" />}
        rightSectionWidth={52}
        size="sm"
        value={box}
      />
      <div className="sg-text-note sg-dim" id="text-help">
        {typeof state === 'object' ? (
          <span className="sg-bad" role="alert">
            <Icon name="warning" size={14} /> {t('text.not_sent')} {sayError(state.refused)}
          </span>
        ) : state === 'waiting' ? (
          <span className="sg-warn" role="alert">
            <Icon name="warning" size={14} /> {t('text.waiting')}
          </span>
        ) : (
          t('text.help')
        )}
      </div>
    </div>
  )
}
