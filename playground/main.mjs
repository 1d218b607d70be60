// The page of `moonpool serve`: what its buttons do, and what becomes of what the server tells.
import { ask, connect, Ended, listen } from './connection.mjs'
import { createEditor } from './editor.mjs'
import { EXAMPLES } from './examples.mjs'
import { Output } from './output.mjs'
import { Picture } from './picture.mjs'
import { showState } from './state.mjs'
import { showStats, words } from './stats.mjs'
import { tabs } from './tabs.mjs'

const DRAFT = 'moonpool.draft'
/** Something in the storage of the browser, which may be switched off. */
const kept = {
  get: (name) => attempt(() => localStorage.getItem(name)),
  set: (name, text) => attempt(() => localStorage.setItem(name, text)),
}

function attempt(act) {
  try {
    return act()
  } catch {
    return undefined
  }
}

const byId = (id) => document.getElementById(id)
const [runButton, stopButton, idField, exampleField, status] = ['run', 'stop', 'id', 'example', 'status'].map(byId)
const output = new Output(byId('output'), byId('empty'), (line) => editor.goTo(line))
const picture = new Picture(byId('picture'))
const select = tabs(byId('tab-output'), byId('tab-state'))

/** The run that is at work: its number, once it is known, and what lets go of it. */
let current

const editor = createEditor(byId('editor'), {
  code: kept.get(DRAFT) ?? EXAMPLES[0].code,
  nonce: byId('nonce').nonce,
  describedBy: 'keys',
  run,
  stop,
  changed: (code) => {
    kept.set(DRAFT, code)
    showExample(code)
  },
  check: async (code) => (await ask('check', { code })).mistakes,
})

async function run() {
  if (current) return
  const controller = new AbortController()
  const code = editor.code
  current = { begun: performance.now(), controller }
  output.clear()
  editor.showError(undefined)
  select('output')
  showButtons()
  picture.begin()
  showStats(undefined)
  try {
    await listen({ code, id: idField.value }, (event) => hear(event, code), controller.signal)
    if (current.isOver !== true) tell('failed', 'The connection was lost.')
  } catch (error) {
    tell('failed', error.message)
    output.note(error.message, 'error')
  }
  current = undefined
  showButtons()
  await refreshState()
}

/** One event of the run: see lib/cli/serve/runs.js. */
function hear(event, code) {
  switch (event.type) {
    case 'begun':
      current.number = event.run
      tell('running', 'Running…')
      if (current.isStopped) stop()
      break
    case 'output':
      output.write(event.text)
      break
    case 'cut':
      output.note(`${words.bytes(event.bytes)} more were written and are not shown`, 'cut')
      break
    case 'log':
      output.log(event)
      break
    case 'logCut':
      output.note('more log entries are not shown', 'cut')
      break
    case 'trace':
      picture.add(event)
      if (!current.isOver) showStats({ runTime: event.at })
      break
    case 'end':
      end(event, code)
      break
    case 'over':
      tell(current.end, current.ended)
      break
  }
}

function end({ end, error, returned, stats, timers }, code) {
  current.isOver = true
  picture.end(stats)
  if (returned) output.returned(returned)
  if (error) {
    output.error(error)
    if (error.line !== undefined) editor.showError(error, code)
  }
  showStats(stats)
  const took = stats ? ` after ${words.time(stats.runTime)}` : ''
  const [kind, text] = {
    completed: ['completed', `Completed${took}`],
    failed: ['failed', `Failed${took}: ${error?.message}`],
    timedOut: ['failed', `Out of time${took}`],
    aborted: ['stopped', `Stopped${took}`],
    rejected: ['failed', `Not run: ${error?.message}`],
  }[end]
  Object.assign(current, { end: kind, ended: text })
  tell(
    kind,
    timers > 0 ? `${text}; ${timers === 1 ? 'a timer is' : `${timers} timers are`} at work: Stop ends it all` : text,
  )
  refreshState()
}

async function stop() {
  if (!current) return
  current.isStopped = true
  if (current.number === undefined) return
  try {
    await ask('stop', { run: current.number })
  } catch {
    current?.controller.abort()
  }
}

/** The name of the example, as long as nothing is changed in it. */
function showExample(code) {
  exampleField.value = EXAMPLES.find((example) => example.code === code)?.title ?? ''
}

function tell(kind, text) {
  status.dataset.kind = kind
  status.textContent = text
}

function showButtons() {
  const isBusy = current !== undefined
  const hadFocus = document.activeElement
  runButton.disabled = isBusy
  stopButton.disabled = !isBusy
  // A button that is switched off loses the focus: whoever uses the keyboard goes on with the other one.
  if (hadFocus === runButton && isBusy) stopButton.focus()
  if (hadFocus === stopButton && !isBusy) runButton.focus()
}

async function refreshState() {
  const id = idField.value
  try {
    showState(id, await ask('state', { id }))
  } catch (error) {
    showState(id, { error: error.message })
  }
}

for (const { title } of EXAMPLES) exampleField.append(new Option(title))
exampleField.prepend(new Option('your own', ''))
showExample(editor.code)
exampleField.addEventListener('change', () => {
  const chosen = EXAMPLES.find(({ title }) => title === exampleField.value)
  if (!chosen) return
  editor.code = chosen.code
  if (!current) output.clear()
})
runButton.addEventListener('click', run)
stopButton.addEventListener('click', stop)
idField.addEventListener('change', refreshState)
document.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.defaultPrevented) return
  if (event.key === 'Enter') run()
  else if (event.key === '.') stop()
  else return
  event.preventDefault()
})

try {
  const { id, version } = await connect()
  idField.value = id
  document.querySelector('h1 span').title = `moonpool ${version}`
  await refreshState()
  document.documentElement.dataset.ready = 'true'
} catch (error) {
  tell('failed', error.message)
  if (error instanceof Ended || error.status === 401) runButton.disabled = true
}
