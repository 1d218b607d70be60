// Draws docs/performance.svg with Vega-Lite: for each measurement a row of points, one for each contestant.
import { writeFileSync } from 'node:fs'
import { CONTESTANTS } from './contestants.mjs'
import { PICTURE } from './page.mjs'
import { figure, summariesOf } from './results.mjs'
import { stampOf } from './stamp.mjs'

const KINDS = ['moonpool', 'other Lua', 'JavaScript']
const COLORS = ['#c4570a', '#2f6fb7', '#6b7280']
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"

function kindOf({ name, runs }) {
  if (name === CONTESTANTS[0].name) return KINDS[0]
  return runs.startsWith('Lua') ? KINDS[1] : KINDS[2]
}

/** What Vega-Lite draws: a panel for each measurement. */
export function specOf(results) {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: '#ffffff',
    padding: 16,
    title: {
      text: 'What a call takes: less is better, and each step of the grid is ten times the last',
      anchor: 'start',
    },
    config: {
      font: FONT,
      title: { fontSize: 14, offset: 12 },
      axis: { labelFontSize: 12, labelColor: '#1f2328', domain: false, ticks: false, labelLimit: 300 },
      view: { stroke: null },
    },
    columns: 2,
    concat: summariesOf(results).map(panel),
    resolve: { scale: { x: 'independent' } },
  }
}

function panel({ measured, rows }) {
  const values = rows
    .filter(({ failed }) => failed === undefined)
    .map(({ contestant, low, median, high }) => {
      const fresh = contestant.fresh.startsWith('nothing') ? ' (no fresh state)' : ''
      return { name: `${contestant.name}${fresh}`, kind: kindOf(contestant), low, median, high, label: figure(median) }
    })
  const y = { field: 'name', type: 'nominal', sort: values.map(({ name }) => name), title: null }
  const color = {
    field: 'kind',
    type: 'nominal',
    scale: { domain: KINDS, range: COLORS },
    legend: { title: null, orient: 'bottom' },
  }
  const [least, most] = [Math.min(...values.map(({ low }) => low)), Math.max(...values.map(({ high }) => high))]
  const decade = (number, round) => 10 ** round(Math.log10(number))
  const scale = { type: 'log', domain: [decade(least, Math.floor), decade(most * 1.6, Math.ceil)] }
  const x = (field) => ({
    field,
    type: 'quantitative',
    scale,
    title: null,
    axis: { values: decadesOf(scale.domain), format: '~s' },
  })
  return {
    title: {
      text: `${measured.title.replaceAll('`', '')}, in ${measured.unit}`,
      anchor: 'start',
      fontSize: 12,
      fontWeight: 'normal',
    },
    width: 300,
    height: { step: 24 },
    data: { values },
    encoding: { y, color },
    layer: [
      { mark: { type: 'rule', strokeWidth: 3, opacity: 0.5 }, encoding: { x: x('low'), x2: { field: 'high' } } },
      { mark: { type: 'point', filled: true, size: 70, opacity: 1 }, encoding: { x: x('median') } },
      {
        mark: { type: 'text', align: 'left', dx: 9, fontSize: 11 },
        encoding: { x: x('high'), text: { field: 'label' } },
      },
    ],
  }
}

function decadesOf([first, last]) {
  const decades = []
  for (let decade = first; decade <= last * 1.001; decade *= 10) decades.push(decade)
  return decades
}

export async function draw(results) {
  // The packages are there only after they were installed.
  const [vega, vegaLite] = [await import('vega'), await import('vega-lite')]
  const view = new vega.View(vega.parse(vegaLite.compile(specOf(results)).spec), { renderer: 'none' })
  writeFileSync(PICTURE, `${await view.toSVG()}\n${stampOf(results)}\n`)
  view.finalize()
}
