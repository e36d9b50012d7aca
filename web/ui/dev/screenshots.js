// Plays one call against the mock server and takes pictures of every screen. Usage: node dev/screenshots.js FOLDER (after `npm run build`)
import { mkdirSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { openBrowser } from './browser.js'
import { center, types } from './mock/city.js'
import { startMock } from './mock/server.js'

const folder = process.argv[2] ?? 'screenshots'
mkdirSync(folder, { recursive: true })
const { browser, answer } = await openBrowser()
const mock = await startMock({ answer })
const { house } = mock
const page = await (
  await browser.newContext({
    viewport: { width: 1366, height: 768 },
    baseURL: mock.url,
    permissions: ['microphone', 'notifications'],
  })
).newPage()
page.setDefaultTimeout(10_000)
page.on('console', (message) => message.type() === 'error' && console.log('console:', message.text()))
page.on('pageerror', (error) => console.log('page error:', error.message))
const at = (name) => page.getByTestId(name)

const focus = () => page.evaluate(() => document.activeElement?.dataset.testid ?? document.activeElement?.tagName)

async function shot(name, { large = true } = {}) {
  await page.waitForTimeout(700)
  await page.screenshot({ path: `${folder}/${name}-1366.png` })
  const { violations } = await new AxeBuilder({ page }).analyze()
  for (const { id, impact, nodes } of violations.filter(({ impact }) => impact !== 'minor'))
    console.log(
      `axe ${name}: ${impact} ${id}: ${nodes
        .slice(0, 3)
        .map(({ html }) => html.slice(0, 160))
        .join('\n    ')}`,
    )
  if (!large) return
  await page.setViewportSize({ width: 1920, height: 1080 })
  await page.waitForTimeout(500)
  await page.screenshot({ path: `${folder}/${name}-1920.png` })
  await page.setViewportSize({ width: 1366, height: 768 })
}

try {
  await page.goto('/')
  await at('username').waitFor()
  await shot('01-sign-in')
  await at('username').fill('ayu')
  await at('password').fill('rahasia')
  await at('sign-in').click()
  await at('start-shift').waitFor()
  await shot('02-start')
  await at('start-shift').click()
  await page.getByText('Server mendengar').waitFor()
  await shot('03-test')
  await at('shift-ready').click()
  await at('queue').waitFor()
  await shot('04-idle')
  const before = house.arrive({ ring: false })
  house.end(before.id, 'caller_before_answer')
  house.operator({ state: { state: 'ready' } })
  house.arrive({ ring: false, number: '+62778123456' })
  const location = { position: { latitude: center.latitude, longitude: center.longitude }, radius_m: 220, civic: null }
  const call = house.arrive({ location, name: 'Siti Rahma' })
  await at('ring-banner').waitFor()
  await shot('05-ringing')
  await page.keyboard.press('F2')
  await at('hang-up').waitFor()
  console.log('focus after answering:', await focus())
  await page.keyboard.press('Alt+1')
  await page.keyboard.type('Ruko Mega Legenda blok A3, dekat bundaran batam k')
  await shot('06-suggestions', { large: false })
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Alt+2')
  await page.keyboard.type('Kebakaran ruko, api dari lantai dua')
  await page.keyboard.press('Alt+3')
  await page.keyboard.press('3')
  await page.keyboard.press('Alt+6')
  await page.keyboard.type('Dua orang masih di lantai atas. Akses dari jalan belakang.')
  await page.getByText('tersimpan', { exact: true }).waitFor()
  await page.waitForTimeout(1500)
  await shot('07-in-call')
  await page.keyboard.press('Control+Enter')
  await page.locator('[data-progress]').first().waitFor()
  const [incident] = house.incidents.values()
  const [first, second] = incident.dispatches
  house.progress(first.id, { progress: 'sent' })
  house.progress(first.id, { progress: 'acknowledged', by: 'Joko' })
  if (second) house.progress(second.id, { progress: 'sent', overdue: true })
  house.alarm({
    kind: 'unacknowledged',
    dispatch: second?.id ?? first.id,
    incident: incident.id,
    incident_number: incident.number,
    team_name: 'Regu Damkar Sekupang',
  })
  await shot('08-dispatched')
  const colours = async (name) => {
    await at('menu').click()
    await page.getByText(name).click()
  }
  await colours('Tampilan terang')
  await shot('08-light')
  await colours('Tampilan gelap')
  await page.keyboard.press('Alt+A')
  await at('alarm').waitFor({ state: 'hidden' })
  await page.locator('[data-testid^="footage-"]').first().click()
  await page.waitForFunction(() => document.querySelector('[data-testid="footage-video"]')?.currentTime > 1)
  await shot('09-footage')
  await page.keyboard.press('F1')
  await shot('10-help', { large: false })
  await page.keyboard.press('Escape')
  await page.keyboard.press('F4')
  await page.waitForTimeout(500)
  await shot('11-held', { large: false })
  await page.reload()
  await at('hang-up').waitFor()
  await page.waitForFunction(() => window.siaga?.peer?.connectionState === 'connected')
  const place = await at('field-place').inputValue()
  const plays = await page.evaluate(async () => {
    const audio = new Audio()
    audio.srcObject = new MediaStream([window.siaga.peer.getReceivers()[0].track])
    return audio.play().then(
      () => 'plays',
      (error) => error.name,
    )
  })
  console.log('caller after reload:', plays)
  console.log('after reload:', place, '| locked:', await at('audio-locked').count())
  await page.keyboard.press('F8')
  await at('disposition-normal').waitFor()
  await shot('12-closing')
  await page.keyboard.press('Alt+N')
  await page.keyboard.press('Alt+C')
  await at('report-form').waitFor({ state: 'hidden' })
  house.arrive({ number: null })
  await at('answer').click()
  await at('hang-up').waitFor()
  await page.keyboard.press('Control+Enter')
  console.log('focus after sending without a place:', await focus())
  await shot('12-no-place')
  await page.keyboard.press('Alt+M')
  await shot('12-map-focus', { large: false })
  await at('hang-up').click()
  await at('close-panel').waitFor()
  await page.waitForTimeout(200)
  console.log('focus after hanging up:', await focus())
  await shot('12-closing-plain', { large: false })
  await page.keyboard.press('Alt+G')
  await at('report-form').waitFor({ state: 'hidden' })
  await page.goto('/calls')
  await page.getByText('Hari ini').waitFor()
  await shot('13-history')
  await page.goto(`/calls/${call.id}`)
  await at('recording-player').waitFor()
  await shot('14-call')
  await page.goto('/incidents')
  await shot('15-incidents', { large: false })
  await page.goto(`/incidents/${incident.id}`)
  await page.getByTestId('timeline').or(page.getByText('Lini masa')).first().waitFor()
  await shot('16-incident', { large: false })
  for (const part of ['users', 'teams', 'types', 'cameras']) {
    await page.goto(`/admin/${part}`)
    await shot(`17-admin-${part}`, { large: false })
  }
  console.log('types', types.length, 'done')
} finally {
  await browser.close()
  await mock.stop()
}
