// Rules that the whole console keeps: texts in both languages, readable colours, and a client that fits the server.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { generate, SOURCE, TARGET } from '../dev/api-schema.js'
import en from '../src/i18n/en.json'
import id from '../src/i18n/id.json'
import { contrast } from '../src/theme/contrast'
import { DARK, LIGHT, PAIRS } from '../src/theme/palette'

const SRC = fileURLToPath(new URL('../src/', import.meta.url))
const sources = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? sources(path) : /\.tsx?$/.test(name) && name !== 'schema.d.ts' ? [path] : []
  })

describe('texts', () => {
  it('have the same keys and the same values to fill in, in both languages', () => {
    expect(Object.keys(en)).toEqual(Object.keys(id))
    const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()
    for (const [key, text] of Object.entries(id))
      expect([key, holes(en[key as keyof typeof en])]).toEqual([key, holes(text)])
  })

  it('are there for every value of the API that is shown', () => {
    const values: Record<string, string[]> = {
      'call.state': [
        'waiting',
        'ringing',
        'calling',
        'active',
        'held',
        'detached',
        'transferring',
        'transferred',
        'fallback',
        'ended',
      ],
      ended: [
        'caller',
        'caller_before_answer',
        'caller_left',
        'operator',
        'network',
        'restart',
        'party',
        'not_reached',
      ],
      operator: ['preparing', 'ready', 'ringing', 'busy', 'paused', 'wrap_up'],
      direction: ['inbound', 'outbound'],
      'priority.short': ['low', 'normal', 'high'],
      'party.state': ['dialling', 'ringing', 'consulting', 'joined'],
      'dial.mode': ['consult', 'conference', 'blind'],
      monitor: ['listen', 'whisper', 'barge'],
      'trunk.state': ['unknown', 'up', 'down'],
      'trunk.trouble': ['unreachable', 'refuses', 'not_registered', 'silent'],
      limit: ['calls', 'transactions', 'rtp_ports', 'events', 'connections', 'rate'],
      'alarm.limit': ['fallback', 'test_calls', 'feature_codes', 'early_events', 'media_events'],
      unfetched: ['not_allowed', 'busy', 'silent', 'refused'],
      pause: ['break', 'prayer', 'paperwork', 'handover', 'phone', 'no_answer'],
      callback: ['reached', 'unreachable', 'not_needed'],
      fact: ['provider', 'service', 'device', 'subscriber', 'comment'],
      progress: ['pending', 'sent', 'delivered', 'read', 'acknowledged', 'en_route', 'arrived', 'done'],
      disposition: ['normal', 'ghost', 'prank', 'information'],
      role: ['operator', 'supervisor', 'manager', 'head'],
      alarm: [
        'nobody_ready',
        'unanswered',
        'operator_lost',
        'unacknowledged',
        'undeliverable',
        'machine_alert',
        'recording_failing',
        'recording_gap',
        'store_failing',
        'entries_lost',
        'footage_failing',
        'trunk_down',
        'limit_reached',
        'calls_refused',
        'location_not_allowed',
        'voice_beyond_reach',
      ],
      'offer.trouble': ['no_codec', 'unreadable'],
      error: [
        'no_such_call',
        'taken_by_another',
        'no_shift',
        'busy',
        'no_media',
        'bad_offer',
        'bad_digits',
        'unavailable',
        'wrong_password',
        'too_many_attempts',
        'no_such_party',
        'bad_number',
        'no_trunk',
        'not_answered',
        'too_many_parties',
        'callback_taken',
        'no_text',
        'text_full',
        'bad_text',
      ],
      'text.state': ['open', 'ended', 'unavailable'],
      'camera.state': ['recording', 'connecting', 'failing', 'off'],
    }
    const missing = Object.entries(values).flatMap(([group, names]) =>
      names.map((name) => `${group}.${name}`).filter((key) => !(key in id)),
    )
    expect(missing).toEqual([])
  })
})

describe.each([
  ['dark', DARK],
  ['light', LIGHT],
])('the %s colours', (_, palette) => {
  it.each(PAIRS)('%s on %s reaches %d', (front, back, least) =>
    expect(contrast(palette[front], palette[back])).toBeGreaterThanOrEqual(least))
})

it('computes contrast as WCAG does', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
})

it.runIf(existsSync(SOURCE))(
  'the client is generated from the API as it is now (else: npm run api)',
  async () => {
    expect(readFileSync(TARGET, 'utf8')).toBe(await generate())
  },
  30_000,
)

it('no file of the console is long', () => {
  const long = sources(SRC).filter((path) => readFileSync(path, 'utf8').split('\n').length > 260)
  expect(long).toEqual([])
})
