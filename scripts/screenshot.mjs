// npm run screenshot: takes docs/playground.png, a picture of the playground after a real run.
import { createRequire } from 'node:module'
import path from 'node:path'
import { prepareChromium } from './chromium.mjs'
import { root } from './run.mjs'
import { setup } from './setup.mjs'

const SIZE = { width: 1200, height: 740 }
const EXAMPLE = 'Waiting'

await setup()
await prepareChromium()

const require = createRequire(import.meta.url)
const { launch } = require('../__tests__/support/chromium.js')
const { start } = require('../lib/cli/serve.js')

const [playground, browser] = await Promise.all([start({ port: 0 }), launch()])
try {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' })
  await page.goto(playground.address)
  await page.waitForSelector('html[data-ready]')
  await page.getByLabel('Example').selectOption({ label: EXAMPLE })
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByRole('status').filter({ hasText: 'Completed' }).waitFor()
  await page.screenshot({ path: path.join(root, 'docs/playground.png') })
} finally {
  await browser.close()
  await playground.close()
}
