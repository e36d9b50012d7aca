/** Calling somebody: an agency by its name, or any number; out of a call also how, and for a blind transfer once more whom. */
import { Button, Modal, SegmentedControl, TextInput } from '@mantine/core'
import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { useAgencies } from '../api/queries'
import type { DialMode } from '../api/types'
import { Icon } from '../app/Icon'
import { useT } from '../i18n/i18n'
import { useShortcuts } from '../keys/useShortcuts'
import { live } from '../live/live'
import { Store, useSelect, useStore } from '../util/store'
import { type Contact, chosenContact, contacts } from './dialling'
import { isMine, nameOf } from './parties'
import { callOut, dial } from './partyActions'

type Purpose = { purpose: 'out' } | { purpose: 'party'; call: string }

const dialog = new Store<Purpose | null>(null)
export const openDial = (purpose: Purpose) => dialog.set(purpose)
const close = () => dialog.set(null)

export function DialDialog() {
  const t = useT()
  const open = useStore(dialog)
  const id = open?.purpose === 'party' ? open.call : ''
  const call = useSelect(live, ({ calls }) => calls[id] ?? null)
  const rings = useSelect(live, ({ offered }) => offered !== null)
  // The caller hung up, or the call went elsewhere: there is nobody to bring anybody to. A call that rings comes before one that is not made yet.
  const gone = open?.purpose === 'party' ? !(call && isMine(call)) : open !== null && rings
  useEffect(() => {
    if (gone) close()
  }, [gone])
  return (
    <Modal
      closeButtonProps={{ 'aria-label': t('page.close') }}
      data-testid="dial-dialog"
      onClose={close}
      opened={open !== null && !gone}
      title={t(open?.purpose === 'out' ? 'dial.title_out' : 'dial.title_party')}
      transitionProps={{ duration: 0 }}
    >
      {open && <Dial caller={call ? (call.name ?? call.number ?? t('call.no_number')) : ''} open={open} />}
    </Modal>
  )
}

const MODES: DialMode[] = ['consult', 'conference', 'blind']

function Dial({ open, caller }: { open: Purpose; caller: string }) {
  const t = useT()
  const list = useId()
  const agencies = useAgencies().data ?? []
  const [typed, setTyped] = useState('')
  const [active, setActive] = useState(-1)
  const [mode, setMode] = useState<DialMode>('consult')
  const [asked, setAsked] = useState<Contact | null>(null)
  const [wrong, setWrong] = useState(false)
  const offers = contacts(agencies, typed)
  const blind = open.purpose === 'party' && mode === 'blind'
  const whom = chosenContact(offers, active, typed)

  function go(contact: Contact | null) {
    if (!contact) return setWrong(true)
    if (open.purpose === 'out') void callOut(contact.number)
    else if (blind && asked?.number !== contact.number) return setAsked(contact)
    else void dial(open.call, contact, mode)
    close()
  }
  useShortcuts({ send: () => go(asked ?? whom) })
  const field = useRef<HTMLInputElement>(null)
  // At once, not after the dialog has come up: the first digits are typed blindly.
  useEffect(() => field.current?.focus(), [])

  function press(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || offers.length === 0) return
    if (event.key === 'ArrowDown') setActive((active + 1) % offers.length)
    else if (event.key === 'ArrowUp') setActive((active - 1 + offers.length) % offers.length)
    else return
    event.preventDefault()
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    go(whom)
  }

  if (asked) return <Sure back={() => setAsked(null)} caller={caller} go={() => go(asked)} whom={asked} />
  return (
    // Enter is the same from the field and from the ways of connecting.
    <form className="sg-stack" onSubmit={submit}>
      <TextInput
        aria-activedescendant={offers[active] ? `${list}-${active}` : undefined}
        aria-autocomplete="list"
        aria-controls={list}
        aria-expanded={offers.length > 0}
        autoComplete="off"
        data-autofocus
        data-testid="dial-number"
        error={wrong && !whom && t('dial.wrong')}
        inputMode="tel"
        label={t('dial.whom')}
        maxLength={80}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          setActive(-1)
          setWrong(false)
        }}
        onKeyDown={press}
        placeholder={t('dial.hint')}
        ref={field}
        role="combobox"
        value={typed}
      />
      <div aria-label={t('dial.agencies')} className="sg-offers" hidden={offers.length === 0} id={list} role="listbox">
        {offers.map((offer, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are taken by the text field, which keeps the focus.
          // biome-ignore lint/a11y/useFocusableInteractive: the text field names the active option.
          <div
            aria-selected={i === active}
            className="sg-suggestion"
            id={`${list}-${i}`}
            key={offer.name + offer.number}
            onClick={() => {
              setActive(i)
              setWrong(false)
            }}
            onDoubleClick={() => go(offer)}
            onMouseDown={(event) => event.preventDefault()}
            role="option"
          >
            <span>{offer.name}</span>
            <span className="sg-mono sg-dim">{offer.number}</span>
          </div>
        ))}
      </div>
      {offers.length === 0 && <p className="sg-dim">{t('dial.none')}</p>}
      {open.purpose === 'party' && (
        <>
          <SegmentedControl
            aria-label={t('dial.mode')}
            data={MODES.map((value) => ({ value, label: t(`dial.mode.${value}`) }))}
            data-testid="dial-mode"
            onChange={(value) => setMode(value as DialMode)}
            value={mode}
          />
          <p className="sg-dim sg-two-lines">{t(`dial.explain.${mode}`)}</p>
        </>
      )}
      <Button
        data-testid="dial-go"
        leftSection={<Icon name={blind ? 'arrowOut' : 'phone'} />}
        rightSection={<kbd className="sg-key">Enter</kbd>}
        size="md"
        type="submit"
        variant={whom ? 'filled' : 'default'}
      >
        {whom ? t(blind ? 'dial.go_blind' : 'dial.go', { name: nameOf(whom) }) : t('dial.go_nobody')}
      </Button>
    </form>
  )
}

/** The caller is out of our hands afterwards: the sentence names who gets the call. */
function Sure({ whom, caller, go, back }: { whom: Contact; caller: string; go: () => void; back: () => void }) {
  const t = useT()
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus(), [])
  return (
    <div className="sg-stack" data-testid="blind-sure" role="alert">
      <p className="sg-big">
        {t('dial.sure', { caller, name: nameOf(whom) })} <span className="sg-mono">{whom.name && whom.number}</span>
      </p>
      <p>{t('dial.sure_explain')}</p>
      <div className="sg-row">
        <Button
          color="danger"
          data-testid="blind-go"
          leftSection={<Icon name="arrowOut" />}
          onClick={go}
          onKeyDown={(event) => {
            // A key that is still held down from the step before confirms nothing.
            if (event.repeat) event.preventDefault()
          }}
          ref={button}
          rightSection={<kbd className="sg-key">Enter</kbd>}
          size="md"
        >
          {t('dial.sure_go')}
        </Button>
        <Button data-testid="blind-back" onClick={back} size="md" variant="default">
          {t('dial.back')}
        </Button>
      </div>
    </div>
  )
}
