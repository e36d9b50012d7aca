// A console before the mock server, and a way to take pictures of it in both sizes; axe looks at each of them too.
import { mkdirSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { openBrowser } from './browser.js'
import { startMock } from './mock/server.js'

const SMALL = { width: 1366, height: 768 }
const LARGE = { width: 1920, height: 1080 }

export async function openStudio(folder) {
  mkdirSync(folder, { recursive: true })
  const { browser, answer } = await openBrowser()
  const mock = await startMock({ answer })
  const settings = { viewport: SMALL, baseURL: mock.url, permissions: ['microphone', 'notifications'] }
  const newPage = async () => {
    const page = await (await browser.newContext(settings)).newPage()
    page.setDefaultTimeout(10_000)
    page.on('console', (message) => message.type() === 'error' && console.log('console:', message.text()))
    page.on('pageerror', (error) => console.log('page error:', error.message))
    return page
  }
  const page = await newPage()
  const at = (name) => page.getByTestId(name)

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
    await page.setViewportSize(LARGE)
    await page.waitForTimeout(500)
    await page.screenshot({ path: `${folder}/${name}-1920.png` })
    await page.setViewportSize(SMALL)
  }

  async function signIn(into = page) {
    await into.getByTestId('username').fill('ayu')
    await into.getByTestId('password').fill('rahasia')
    await into.getByTestId('sign-in').click()
  }

  async function startShift() {
    await at('start-shift').click()
    await page.getByText('Server mendengar').waitFor()
    await at('shift-ready').click()
    await at('queue').waitFor()
  }

  async function close() {
    await browser.close()
    await mock.stop()
  }
  return { page, newPage, house: mock.house, at, shot, signIn, startShift, close }
}
