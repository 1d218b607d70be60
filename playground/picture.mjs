// The picture of a run: when it was computing and when it was waiting, and how much memory it held.
import { svg } from './dom.mjs'
import { words } from './stats.mjs'

/** Of the picture, in pixels; the lane of the phases is below the memory. */
const MEMORY = 44
const LANE = 40
const AXIS = 16
const GAP = 6

/** So many stretches are drawn as they were. Of more, the lane has so many columns, each with what it has of every phase. */
const STRETCHES = 400
const COLUMNS = 200

/** What each phase is called, and how high its blocks are: not by colour alone. */
const PHASES = {
  computing: { words: 'computing', height: 1 },
  turns: { words: 'taking turns', height: 0.7 },
  waiting: { words: 'waiting', height: 0.32 },
  queued: { words: 'in the queue', height: 0.14 },
}
const NAMES = Object.keys(PHASES)

/** Marks stand on the axis at multiples of one of these numbers, times a power of ten; so many at most. */
const STEPS = [1, 2, 5, 10]
const MARKS = 5

export class Picture {
  #root
  #changes = []
  #memory = []
  #now = 0
  // The most memory that it held, once that is known.
  #peak
  #isDue = false

  constructor(root) {
    this.#root = root
    this.begin()
    new ResizeObserver(() => this.#draw()).observe(root)
  }

  begin() {
    this.#changes = []
    this.#memory = []
    this.#now = 0
    this.#peak = undefined
    this.#draw()
  }

  /** What was seen since: `changes` of its phase and of its `memory`, each with its time. */
  add({ at, memory, changes }) {
    for (const change of changes) this.#changes.push(change)
    for (const point of memory) this.#memory.push(point)
    // Ever coarser, so that a run of hours is no burden.
    if (this.#memory.length > 1200) this.#memory = this.#memory.filter((_, i) => i % 2 === 0)
    this.#now = at
    if (this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      this.#draw()
    })
  }

  /** The run has ended, and took so much: that is known better than it can be seen. */
  end(stats) {
    if (!stats) return
    const { queueTime, runTime, peakMemory } = stats
    const [, begun = 'computing'] = this.#changes.find(([, name]) => name !== 'queued') ?? []
    const later = this.#changes.filter(([at, name]) => at > queueTime && name !== 'queued')
    this.#changes = [[0, 'queued'], [queueTime, begun], ...later]
    if (this.#memory.every(([, bytes]) => bytes === 0)) this.#memory = [[0, peakMemory]]
    this.#peak = peakMemory
    this.#now = queueTime + runTime
    this.#draw()
  }

  #draw() {
    // Some room is left while it grows, or the picture would never be still.
    const shown = this.#peak === undefined ? Math.max(this.#now, 10) : this.#now
    const step = stepOf(shown)
    const span = this.#peak === undefined ? Math.ceil(shown / step) * step : shown
    const width = this.#root.clientWidth
    const scale = { span, width, x: (at) => (at / span) * width }
    const memory = this.#memory.filter(([at], i) => i === 0 || at <= this.#now)
    const highest = Math.max(1, ...memory.map(([, bytes]) => bytes))
    const parts = [
      axis(scale, step),
      memoryArea(memory, this.#now, scale, highest),
      memory.length > 0 ? svg('text', { x: 3, y: 11, class: 'peak' }, words.bytes(this.#peak ?? highest)) : undefined,
      ...blocks(this.#changes, this.#now, scale),
    ]
    const height = MEMORY + GAP + LANE + AXIS
    this.#root.replaceChildren(
      svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': this.#words() }, ...parts),
    )
  }

  #words() {
    if (this.#changes.length === 0) return 'A picture of the run: nothing has run yet'
    const sums = sumsOf(this.#changes, this.#now)
    const told = NAMES.filter((name) => sums[name] > 0).map((name) => `${PHASES[name].words} ${words.time(sums[name])}`)
    return `A picture of the run: ${told.join(', ')}`
  }
}

/** How far the marks on the axis are apart, in ms. */
function stepOf(now) {
  const least = Math.max(now, 1) / MARKS
  const power = 10 ** Math.floor(Math.log10(least))
  return STEPS.map((step) => step * power).find((step) => step >= least)
}

/** Each stretch in one phase: its name, its beginning and its end. */
function* stretches(changes, now) {
  for (const [i, [begin, name]] of changes.entries()) {
    const end = Math.min(now, changes[i + 1]?.[0] ?? now)
    if (end > begin) yield [name, begin, end]
  }
}

function sumsOf(changes, now) {
  const sums = Object.fromEntries(NAMES.map((name) => [name, 0]))
  for (const [name, begin, end] of stretches(changes, now)) sums[name] += end - begin
  return sums
}

/** For each column, how much of it is in which phase: from 0 to 1. */
function columnsOf(changes, now, span) {
  const width = span / COLUMNS
  const columns = Array.from({ length: COLUMNS }, () => ({}))
  for (const [name, begin, end] of stretches(changes, now)) {
    const last = Math.min(COLUMNS - 1, Math.floor(end / width))
    for (let i = Math.max(0, Math.floor(begin / width)); i <= last; i++) {
      const part = (Math.min(end, (i + 1) * width) - Math.max(begin, i * width)) / width
      if (part > 0) columns[i][name] = (columns[i][name] ?? 0) + part
    }
  }
  return columns
}

function blocks(changes, now, scale) {
  const all = [...stretches(changes, now)].map(([name, begin, end]) => ({
    name,
    x: scale.x(begin),
    end: scale.x(end),
  }))
  const drawn = all.length > STRETCHES ? mixed(columnsOf(changes, now, scale.span), scale.width / COLUMNS) : all
  return drawn.map(({ name, x, end }) => {
    const height = LANE * PHASES[name].height
    const y = MEMORY + GAP + LANE - height
    return svg('rect', { class: name, x: fixed(x), y: fixed(y), width: fixed(Math.max(0.8, end - x)), height })
  })
}

/** Columns as blocks: each has its phases side by side, and neighbours that are alike are one block. */
function mixed(columns, width) {
  const found = []
  for (const [i, parts] of columns.entries()) {
    let x = i * width
    for (const name of NAMES) {
      if (!(parts[name] > 0.02)) continue
      const end = x + parts[name] * width
      const last = found.at(-1)
      if (last?.name === name && Math.abs(last.end - x) < 0.2) last.end = end
      else found.push({ name, x, end })
      x = end
    }
  }
  return found
}

/** A line of steps: what was seen lasts until something else is. */
function memoryArea(samples, now, scale, peak) {
  if (samples.length === 0) return undefined
  const heightOf = (bytes) => fixed(MEMORY - (bytes / peak) * (MEMORY - 16))
  const steps = samples.map(
    ([at, bytes], i) => `${i === 0 ? 'M0' : `H${fixed(scale.x(at))}`}${i === 0 ? ' ' : 'V'}${heightOf(bytes)}`,
  )
  const end = fixed(scale.x(now))
  const line = `${steps.join('')}H${end}`
  return svg(
    'g',
    {},
    svg('path', { class: 'memory-area', d: `${line}V${MEMORY}H0z` }),
    svg('path', { class: 'memory-line', d: line }),
  )
}

function axis({ span, width, x: xOf }, step) {
  const y = MEMORY + GAP + LANE
  const marks = []
  for (let at = 0; at <= span; at += step) {
    const x = fixed(xOf(at))
    const anchor = x < 20 ? 'start' : x > width - 20 ? 'end' : 'middle'
    marks.push(
      svg('path', { class: 'grid', d: `M${Math.min(width - 0.5, x + 0.5)} 0V${y}` }),
      svg('text', { x, y: y + 13, 'text-anchor': anchor }, at === 0 ? '0' : words.time(at)),
    )
  }
  return svg('g', { class: 'axis' }, ...marks, svg('path', { class: 'base', d: `M0 ${y}H${width}` }))
}

const fixed = (value) => Math.round(value * 10) / 10
