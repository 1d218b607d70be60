// The page of the playground in a real browser: what it shows, by mouse and by keyboard, to eyes and to screen readers.
'use strict'

const { readFileSync } = require('node:fs')
const { chromiumPath, launch } = require('./support/chromium')
const { opened } = require('./support/playground')
const { describeIf } = require('./support/test-if')

const DESKTOP = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }

describeIf(chromiumPath() !== undefined)('the page', () => {
  let browser
  let context
  let served
  let page
  // What the browser complains of, which should be nothing.
  let complaints = []

  // One browser and one page for all: to load it is most of the time that a test would take.
  beforeAll(async () => {
    ;[browser, served] = await Promise.all([launch(), opened({ timeout: 60_000 })])
    context = await browser.newContext({ viewport: DESKTOP, colorScheme: 'light' })
    page = await another(served.address)
  })

  afterAll(async () => {
    await browser?.close()
    await served?.close()
  })

  beforeEach(() => {
    complaints = []
  })

  afterEach(() => {
    expect(complaints).toEqual([])
  })

  async function another(address) {
    const made = await context.newPage()
    made.on('console', (message) => complaints.push(message.text()))
    made.on('pageerror', (error) => complaints.push(error.stack))
    made.on('dialog', (dialog) => complaints.push(dialog.message()))
    await made.goto(address)
    await made.waitForSelector('html[data-ready]')
    return made
  }

  const button = (name, of = page) => of.getByRole('button', { name, exact: true })
  const status = (text, of = page) => of.getByRole('status').filter({ hasText: text }).waitFor()
  const editor = () => page.getByRole('textbox', { name: 'Lua script' })
  const textOf = (selector) => page.locator(selector).textContent()

  /** Pastes a script in place of what is there. */
  async function write(code) {
    await editor().focus()
    await page.keyboard.press('Control+a')
    await editor().evaluate((content, text) => {
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', text)
      content.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    }, code)
  }

  async function run(end) {
    await button('Run').click()
    await status(end)
  }

  test('shows what a script writes, logs and returns, what it took, and a picture of it', async () => {
    await write('print("one") sleep(0.05) log.warn("careful", { n = 1 }) return 42, { "x", name = "y" }, nil')
    await run(/^Completed after \d/)
    expect(await textOf('#output pre.text')).toBe('one\n')
    expect(await textOf('#output .log')).toBe('warn careful {"n":1} line 1')
    expect(await textOf('#output .returned')).toBe('Returned 3 values42{ [1] = "x", name = "y" }nil')
    expect(await page.locator('dt').allTextContents()).toEqual(['Time', 'Computing', 'Slices', 'Queue', 'Memory'])
    for (const figure of await page.locator('dd').allTextContents()) expect(figure).toMatch(/^\d/)
    expect(await page.locator('#picture rect.waiting').count()).toBeGreaterThan(0)
    const picture = page.getByRole('img', { name: /^A picture of the run: .*waiting \d+/ })
    expect(await picture.count()).toBe(1)
  })

  test('asks nobody but its server, and has the key in no address', async () => {
    expect(page.url()).toBe(`http://${served.host}/`)
    const asked = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
    expect(asked.length).toBeGreaterThan(3)
    expect(asked.filter((name) => !name.startsWith(`http://${served.host}/`) || name.includes('key'))).toEqual([])
  })

  test('shows everything as text, whatever is in it', async () => {
    const html = '<img src=x onerror=alert(1)><script>alert(2)</script>'
    const code = `local html = "${html}"
State.set(html, { html })
print(html) log.error(html, { [html] = html })
if script.id == "main" then return html, { [html] = html } end
error(html)`
    await write(code)
    await run('Completed')
    expect((await textOf('#output')).split(html).length - 1).toBe(7)
    expect((await textOf('#state-table')).split(html).length - 1).toBe(2)
    await page.getByLabel('Runs as').fill('<b>bold</b>')
    await run('Failed')
    expect(await textOf('#output .error .message')).toBe(html)
    expect(await textOf('#state-empty')).toContain("of '<b>bold</b>'")
    expect(await page.locator('img:not([src="/icon.svg"]), script:not([src]), .log b b').count()).toBe(0)
    await page.getByLabel('Runs as').fill('main')
  })

  test('marks an error at its line, and goes there', async () => {
    await write('local function f()\nreturn nil + 1\nend\nprint("before")\nreturn f()')
    await run('Failed')
    expect(await textOf('#output .error')).toContain('attempt to perform arithmetic on a nil value')
    await page.locator('.cm-line:nth-child(2) .cm-lintRange-error').first().waitFor()
    await page.getByRole('button', { name: 'line 2' }).click()
    await page.keyboard.press('End')
    await page.keyboard.type(' -- here')
    expect(await textOf('.cm-line:nth-child(2)')).toBe('return nil + 1 -- here')
    // What is changed is another script: it is not known to be wrong.
    await page.locator('.cm-lintRange-error').first().waitFor({ state: 'detached' })
  })

  test('completes names, and marks what is wrong, while one types', async () => {
    await write('')
    await page.keyboard.type('print(string.fo')
    await page.getByRole('option', { name: /^format/ }).waitFor()
    // Sooner, what is chosen may still change.
    await page.waitForTimeout(150)
    await page.keyboard.press('Enter')
    expect(await textOf('.cm-line')).toContain('string.format')
    await page.keyboard.type('("%d", coutn)')
    await page.locator('.cm-lintRange-error').filter({ hasText: 'coutn' }).waitFor()
  })

  test('is used by keyboard alone', async () => {
    await write('print("begun") while true do end')
    await page.keyboard.press('Control+Enter')
    await page.getByText('begun', { exact: true }).waitFor()
    await page.keyboard.press('Control+.')
    await status('Stopped')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement.closest('#editor'))).toBeNull()
    await page.getByRole('tab', { name: 'Output' }).focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.evaluate(() => document.activeElement.id)).toBe('tab-state')
    expect(await page.getByRole('tabpanel', { name: 'State' }).isVisible()).toBe(true)
    await button('Run').focus()
    await page.keyboard.press('Enter')
    // The button that is off now has lost the focus to the other one.
    await page.getByText('begun', { exact: true }).waitFor()
    await page.keyboard.press('Enter')
    await status('Stopped')
    await page.waitForSelector('#run:enabled')
    expect(await page.evaluate(() => document.activeElement.id)).toBe('run')
  })

  test('says how much of a flood it does not show, and stays alive', async () => {
    await write('while true do print(("x"):rep(200)) end')
    await run('Failed')
    expect(await textOf('.note.cut')).toMatch(/^[\d.]+ KiB more were written and are not shown$/)
    expect((await textOf('#output pre.text')).length).toBeLessThan(140_000)
    expect(await textOf('#output .error')).toContain('--max-output')
  })

  test('has no fault that axe finds, light and dark, on a screen and on a phone', async () => {
    await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'))
    const faults = async () => {
      const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }))
      return violations.map(({ id, nodes }) => [id, ...nodes.map(({ html, failureSummary }) => html + failureSummary)])
    }
    const choose = (label) => page.getByLabel('Example').selectOption({ label })
    await choose('Errors')
    await run('Failed')
    expect(await faults()).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await faults()).toEqual([])
    await page.setViewportSize(PHONE)
    await choose('State')
    await run('Completed')
    await page.getByRole('tab', { name: 'State' }).click()
    expect(await faults()).toEqual([])
    // Nothing sticks out at the side.
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.width)
    await page.setViewportSize(DESKTOP)
  })

  test('ends its run when it is closed, and leaves that of another page alone', async () => {
    await write('print("begun") while true do end')
    const other = await another(served.address)
    for (const one of [page, other]) {
      await button('Run', one).click()
      await one.getByText('begun', { exact: true }).waitFor()
    }
    await other.close()
    const atWork = () => {
      const { running, suspended } = served.engine.stats()
      return running + suspended
    }
    while (atWork() !== 1) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await textOf('#status')).toBe('Running…')
    await button('Stop').click()
    await status('Stopped')
  })

  test('when nobody answers, or the key is not there, it says what to do', async () => {
    await served.close()
    await button('Run').click()
    await status('npx moonpool serve')
    served = await opened()
    await page.evaluate(() => sessionStorage.clear())
    await page.goto(`http://${served.host}/`)
    await status('open the address that the terminal shows')
    // The browser tells of both.
    complaints = complaints.filter((text) => !/Failed to load resource/.test(text))
  })
})
