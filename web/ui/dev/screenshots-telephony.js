// Plays calls to others, a silent call, callbacks and the supervisors' page against the mock server, and takes pictures of each state.
// Usage: node dev/screenshots-telephony.js FOLDER (after `npm run build`)
import { center, colleague } from './mock/city.js'
import { additional } from './mock/phones.js'
import { openStudio } from './studio.js'

const { page, newPage, house, at, shot, close, signIn, startShift } = await openStudio(process.argv[2] ?? 'screenshots')
const { phones } = house
const focus = () => page.evaluate(() => document.activeElement?.dataset.testid ?? document.activeElement?.tagName)
const newest = () => [...house.calls.values()].at(-1)

try {
  phones.abandoned({ number: '+6281270001111', name: 'Dewi', minutes: 7, waited_s: 95, tries: 1 })
  phones.abandoned({ number: '+62778456789', minutes: 4, waited_s: 38, claimed: colleague })
  phones.abandoned({ number: '+6281999000222', minutes: 1, waited_s: 21 })
  phones.nuisance('+6281355557777', 4)
  phones.nuisance('+6281355558888', 1)
  await page.goto('/')
  await signIn()
  await startShift()
  await shot('20-callbacks')
  await page.keyboard.press('Alt+U')
  console.log('focus in the callbacks:', await focus())
  await shot('21-callbacks-keys', { large: false })

  await page.keyboard.press('Alt+T')
  await at('dial-number').waitFor()
  console.log('focus in the dial dialog:', await focus())
  await shot('22-dial-out')
  await page.keyboard.type('08127000')
  await shot('22-dial-number', { large: false })
  await page.keyboard.press('Enter')
  await at('hang-up').waitFor()
  await shot('23-calling')
  house.change(
    newest().id,
    { state: 'ended', ended_at: new Date().toISOString(), ended_by: 'not_reached' },
    'call.ended',
  )
  house.operator({ state: { state: 'ready' }, call: null })
  await page.getByText('tidak tersambung:').waitFor()
  await shot('24-not-reached', { large: false })

  await page.locator('[data-testid^="call-back-"]').first().click()
  await at('hang-up').waitFor()
  await shot('25-calling-back', { large: false })
  house.end(newest().id, 'operator')

  const location = {
    position: center,
    radius_m: 320,
    civic: null,
    shape: { kind: 'ellipse', semi_major_m: 420, semi_minor_m: 180, orientation_deg: 40 },
  }
  const facts = { languages: ['zh', 'en'], cell: 'LTE 510-10, TAC 1A2B, sel 0x1234567', additional, priority: 'low' }
  house.arrive({
    ring: false,
    number: '+6281355557777',
    priority: 'low',
    arrived_at: new Date(Date.now() - 40_000).toISOString(),
  })
  const call = house.arrive({ location, name: 'Li Wei', number: '+6281170123456', ...facts })
  await at('ring-banner').waitFor()
  await shot('26-ringing-facts')
  await page.keyboard.press('F2')
  await at('hang-up').waitFor()
  phones.quality(call.id, 'caller', 4.3)
  await shot('27-facts')
  phones.quality(call.id, 'caller', 2.6, 9.5, 48)
  await page.keyboard.press('Alt+O')
  await at('network-facts').waitFor()
  await shot('28-network-data', { large: false })
  await page.keyboard.press('Escape')

  await page.keyboard.press('Alt+B')
  await page.getByText('Ditanya "tekan 1"; menunggu…').waitFor()
  await shot('29-silent-asked', { large: false })
  phones.digit(call.id, '1')
  phones.digit(call.id, '2')
  await page.getByText('TIDAK BISA BICARA:').waitFor()
  await shot('30-silent')

  await page.keyboard.press('Alt+T')
  await at('dial-number').waitFor()
  await shot('31-dial-party')
  await page.keyboard.type('damkar')
  await page.keyboard.press('ArrowDown')
  await shot('32-dial-agency', { large: false })
  await page.keyboard.press('Enter')
  await at('party').waitFor()
  const [party] = house.calls.get(call.id).parties
  phones.party(call.id, party.id, { state: 'ringing' })
  await shot('33-party-ringing')
  house.set(call.id, { state: 'held' })
  phones.party(call.id, party.id, { state: 'consulting' })
  await shot('34-consulting')
  await page.keyboard.press('Alt+J')
  await page.waitForFunction(() => document.querySelector('[data-party-state="joined"]'))
  phones.monitor(call.id, 'listen', { id: colleague.id, name: 'Citra Dewi' })
  await shot('35-conference')
  phones.monitor(call.id, 'barge', { id: colleague.id, name: 'Citra Dewi' })
  await shot('36-barge', { large: false })
  await page.keyboard.press('F1')
  await shot('37-help')
  await page.keyboard.press('Escape')

  await page.keyboard.press('Alt+T')
  await page.keyboard.type('psc')
  await page.getByText('Alihkan langsung').click()
  await shot('38-blind', { large: false })
  await at('dial-go').click()
  await at('blind-sure').waitFor()
  console.log('focus in the confirmation:', await focus())
  await shot('39-blind-sure', { large: false })
  await at('blind-back').click()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Alt+S')
  await at('my-state').waitFor()
  await shot('40-handed-over')
  await page.keyboard.press('Alt+R')

  const other = house.arrive({ ring: false, number: '+62778123456', priority: 'high' })
  house.set(other.id, {
    state: 'active',
    operator: colleague.id,
    operator_name: colleague.name,
    answered_at: new Date().toISOString(),
  })
  house.colleague({ state: { state: 'busy' }, call: other.id })
  house.arrive({ ring: false, number: '+6281270009999' })
  phones.trunk({ name: 'telkom', state: 'down', registered: false, detail: '503 Service Unavailable', calls: 0 })
  house.alarm({ kind: 'trunk_down', trunk: 'telkom', why: 'tidak menjawab OPTIONS' })
  house.alarm({ kind: 'limit_reached', limit: 'rtp_ports' })
  await shot('41-trunk-down')
  await page.keyboard.press('Alt+A')
  await shot('42-limit', { large: false })
  await page.keyboard.press('Alt+A')
  await page.keyboard.press('Alt+V')
  await at('wall-calls').waitFor()
  await shot('43-wall')
  await at(`monitor-listen-${other.id}`).click()
  await at('monitoring').waitFor()
  await at(`monitor-whisper-${other.id}`).first().click()
  await shot('44-monitoring')
  await page.keyboard.press('Alt+Q')
  await at('monitoring').waitFor({ state: 'hidden' })
  house.log(
    'call.quality',
    { caller: { mos: 4.2, loss_percent: 0.3, jitter_ms: 4 }, operator: { mos: 3.4, loss_percent: 4, jitter_ms: 20 } },
    { call: call.id },
  )
  house.change(call.id, { state: 'ended', ended_at: new Date().toISOString(), ended_by: 'party' }, 'call.ended')
  await page.goto(`/calls/${call.id}`)
  await at('recording-player').waitFor()
  await shot('45-call-page')
  await page.goto('/calls')
  await page.getByText('Hari ini').waitFor()
  await shot('46-history', { large: false })
  await page.goto('/admin/users')
  await page.locator('[data-testid^="change-"]').first().click()
  await shot('47-user')

  // The same person at a second machine: the headset goes there, stays there, and comes back by a click.
  await page.goto('/')
  await page.waitForFunction(() => window.siaga?.peer?.connectionState === 'connected')
  const second = await newPage()
  await second.goto('/')
  await second.waitForFunction(() => window.siaga?.peer?.connectionState === 'connected')
  await at('headset-elsewhere').waitFor()
  await shot('48-elsewhere')
  await second.waitForTimeout(12_000)
  const states = () =>
    Promise.all([page, second].map((one) => one.getByTestId('connection-headset').getAttribute('data-connection')))
  console.log('headsets after a while:', await states())
  await at('use-here').click()
  await second.getByTestId('headset-elsewhere').waitFor()
  console.log('headsets after taking it back:', await states())
  console.log('done')
} finally {
  await close()
}
