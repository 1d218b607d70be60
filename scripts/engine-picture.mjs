// npm run picture: draws docs/engine.svg from a real trace of slices on two threads, see scripts/trace.rs.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { ask, mustSucceed, root, run } from './run.mjs'

const TRACE = ['--release', '--locked', '--quiet', '-p', 'moonpool-core', '--example', 'trace']
/** Of so many traces the one is drawn that other programs on this machine disturbed least. */
const TRACES = 40

/** A slice, and what a short script takes, in µs. */
const SLICE = 10_000
const SHORT = 400

const WIDTH = 960
const PLOT = { left: 84, right: 940 }
const LANE = { top: 92, step: 7 }
const ROW = { top: 166, height: 44, gap: 20 }
const AXIS = ROW.top + 2 * (ROW.height + ROW.gap)
const HEIGHT = AXIS + 46

/** Colour, and what the legend says. */
const OWNERS = {
  a: { color: '#2f6fb7', text: 'a: two endless scripts, killed (×) at 115 ms' },
  b: { color: '#ad5f16', text: 'b: a script of 45 ms' },
  c: { color: '#238a46', text: 'c' },
  d: { color: '#b0458d', text: 'd' },
  e: { color: '#c93c3c', text: 'e: scripts of 0.4 ms' },
}

const STYLE = `
  text { font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 14px; font-weight: 600 }
  .soft { fill: #59636e }
  .small { font-size: 11px }
  .middle { text-anchor: middle }
  .end { text-anchor: end }
  .in { fill: #fff; font-size: 11px; font-weight: 600 }
  .paper { fill: #fff }
  .track { fill: #f0f2f5 }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .cross { stroke: #1f2328; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .soft { fill: #9198a1 }
    .in { fill: #fff }
    .paper { fill: #0d1117 }
    .track { fill: #1b222c }
    .grid { stroke: #3d444d }
    .cross { stroke: #e6edf3 }
  }
`

/** The least disturbed of many traces. */
function record() {
  const traces = Array.from({ length: TRACES }, () => JSON.parse(ask('cargo', ['run', ...TRACE])))
  return traces.reduce((best, trace) => (disturbance(trace) < disturbance(best) ? trace : best))
}

/** How much longer batches took than a slice, and short runs than their work; and how long threads were without work. */
function disturbance({ runs, batches }) {
  const late = batches.map(({ start, end }) => Math.max(0, end - start - SLICE))
  const slow = runs.filter(isShort).map(({ cpuTime }) => Math.max(0, cpuTime - SHORT))
  const idle = [0, 1].map((thread) => idleTime(batches.filter((batch) => batch.thread === thread)))
  return [...late, ...slow, ...idle].reduce((sum, micros) => sum + micros)
}

function idleTime(batches) {
  return batches.at(-1).end - batches.reduce((sum, { start, end }) => sum + end - start, 0)
}

/** What stands on the threads' rows: a bar for each slice, of a batch of several short runs one for each. */
function barsOf({ runs, batches }) {
  return batches.flatMap(({ thread, start, end, runs: ids }) => {
    const executed = ids.map((id) => runs[id])
    if (executed.length === 1) return [{ run: executed[0], thread, start, end }]
    return executed.map((run) => ({ run, thread, start: startOf(run), end: endOf(run) }))
  })
}

const startOf = (run) => run.submitted + run.queueTime
const endOf = (run) => startOf(run) + run.runTime
const topOf = (thread) => ROW.top + thread * (ROW.height + ROW.gap)
const isShort = (run) => 'cde'.includes(run.owner)

function draw(trace) {
  const last = Math.ceil(Math.max(...trace.batches.map(({ end }) => end)) / 10_000) * 10
  const x = (micros) => PLOT.left + ((PLOT.right - PLOT.left) * micros) / (last * 1000)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    '<title>The slices of two endless scripts, a long one and eleven short ones on two threads</title>',
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    ...legend(),
    ...axis(x, last),
    ...lane(trace.runs.filter(isShort), x),
    ...rows(),
    ...barsOf(trace).map((bar) => slice(bar, trace.runs, x)),
    ...barsOf(trace)
      .filter(isKill)
      .map(({ thread, end }) => cross(fixed(x(end)), topOf(thread) - 8)),
    '</svg>',
    '',
  ].join('\n')
}

function legend() {
  const parts = [text(PLOT.left, 28, 'Which run had which thread, and how long short runs took', 'title')]
  let left = PLOT.left
  for (const { color, text: words } of Object.values(OWNERS)) {
    parts.push(`<rect x="${left}" y="44" width="12" height="12" rx="2" fill="${color}"/>`, text(left + 18, 54, words))
    left += 18 + 6.3 * words.length + 20
  }
  return parts
}

function axis(x, last) {
  const parts = []
  for (let ms = 0; ms <= last; ms += 10) {
    const at = fixed(x(ms * 1000))
    parts.push(`<line class="grid" x1="${at}" y1="${LANE.top - 16}" x2="${at}" y2="${AXIS + 4}"/>`)
    parts.push(text(at, AXIS + 20, ms, 'small soft middle'))
  }
  return [...parts, text(PLOT.right, AXIS + 38, 'ms since the first script came', 'small soft end')]
}

/** From arrival to result: a line for each short run. Those that came together stand below each other. */
function lane(runs, x) {
  const parts = ['short runs,', 'from arrival', 'to result'].map((words, i) =>
    text(PLOT.left - 12, LANE.top + 4 + 14 * i, words, 'small soft end'),
  )
  for (const group of groupsOf(runs)) {
    const times = group.map((run) => (run.queueTime + run.runTime) / 1000).sort((a, b) => a - b)
    const [least, most] = [times[0], times.at(-1)].map((ms) => ms.toFixed(1))
    const words = group.length === 1 ? `${most} ms` : `${group.length} runs: ${least} to ${most} ms`
    parts.push(text(fixed(x(group[0].submitted) - 3), LANE.top - 4, words, 'small'))
    group.forEach((run, i) => {
      const { color } = OWNERS[run.owner]
      const [from, to, y] = [fixed(x(run.submitted)), fixed(x(endOf(run))), LANE.top + 6 + LANE.step * i]
      parts.push(`<path d="M${from} ${y}H${to}" stroke="${color}" stroke-width="2"/>`)
      parts.push(`<circle cx="${from}" cy="${y}" r="3" fill="${color}"/>`)
    })
  }
  return parts
}

/** Runs that came within the same two ms. */
function groupsOf(runs) {
  const groups = []
  for (const run of runs) {
    const group = groups.at(-1)
    if (group && run.submitted - group[0].submitted < 2000) group.push(run)
    else groups.push([run])
  }
  return groups
}

function rows() {
  return [0, 1].flatMap((thread) => {
    const y = topOf(thread)
    return [
      `<rect class="track" x="${PLOT.left}" y="${y}" width="${PLOT.right - PLOT.left}" height="${ROW.height}" rx="3"/>`,
      text(PLOT.left - 12, y + ROW.height / 2 + 4, `thread ${thread + 1}`, 'end'),
    ]
  })
}

function slice({ run, thread, start, end }, runs, x) {
  const { color } = OWNERS[run.owner]
  const top = topOf(thread)
  if (isShort(run)) {
    const width = Math.max(2, x(end) - x(start))
    return `<rect x="${fixed(x(start))}" y="${top - 4}" width="${fixed(width)}" height="${ROW.height + 8}" fill="${color}"/>`
  }
  const width = Math.max(2, x(end) - x(start) - 1)
  const parts = [
    `<rect x="${fixed(x(start))}" y="${top}" width="${fixed(width)}" height="${ROW.height}" rx="3" fill="${color}"/>`,
  ]
  const own = runs.filter(({ owner }) => owner === run.owner)
  const name = own.length > 1 ? `${run.owner}${own.indexOf(run) + 1}` : run.owner
  if (width > 18) parts.push(text(fixed(x(start) + width / 2), top + ROW.height / 2 + 4, name, 'in middle'))
  return parts.join('\n')
}

/** Whether a bar is the last one of a run that was killed. */
function isKill({ run, end }) {
  return run.code !== null && endOf(run) - end < SHORT && end - endOf(run) < SHORT
}

function cross(x, y) {
  return `<path class="cross" d="M${x - 4} ${y - 4}l8 8m0 -8l-8 8"/>`
}

function text(x, y, words, classes = '') {
  return `<text x="${x}" y="${y}"${classes && ` class="${classes}"`}>${words}</text>`
}

const fixed = (number) => Number(number.toFixed(1))

mustSucceed(await run('cargo', ['build', ...TRACE]))
const picture = path.join(root, 'docs/engine.svg')
writeFileSync(picture, draw(record()))
console.log(`drawn: ${picture}`)
