// The part of docs/performance.md that is made of results.json, and whether the page and its picture have that.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../../scripts/run.mjs'
import { CONTESTANTS } from './contestants.mjs'
import { MEASURED } from './jobs.mjs'
import { figure, readResults, summariesOf } from './results.mjs'
import { stampOf } from './stamp.mjs'

const PAGE = path.join(root, 'docs/performance.md')
export const PICTURE = path.join(root, 'docs/performance.svg')
const [BEGIN, END] = ['<!-- Made by npm run bench:peers. -->', '<!-- Until here. -->']

const row = (cells) => `| ${cells.join(' | ')} |`
const table = (head, rows) =>
  [row(head), row(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n')

/** The tables, and what they are of. */
export function partOf(results) {
  const { cpu, cores, memory, system, node, v8 } = results.machine
  const summaries = summariesOf(results)
  const intro = `Measured on ${results.date}: ${cpu}, ${cores} cores, ${memory} of memory, ${system}, Node.js ${node} (V8 ${v8}).`
  const rounds = `Each figure is the median of ${results.rounds} rounds, and below it are the quarters around it.`
  return [intro, rounds, figuresTable(summaries), contestantsTable(results), ...failures(summaries)].join('\n\n')
}

function figuresTable(summaries) {
  const head = ['time of a call', ...summaries.map(({ measured }) => `${measured.title}, ${measured.unit}`)]
  const rows = CONTESTANTS.map(({ name }) => [
    name,
    ...summaries.map(({ rows }) => cellOf(rows.find(({ contestant }) => contestant.name === name))),
  ])
  return table(head, rows)
}

function cellOf(row) {
  if (row === undefined || row.failed !== undefined) return '-'
  return `**${figure(row.median)}**<br>${figure(row.low)} to ${figure(row.high)}`
}

function contestantsTable({ measured }) {
  const versions = (name) => MEASURED.map(({ key }) => measured[key]?.[name]?.version).find(Boolean) ?? '-'
  const head = ['', 'version', 'what runs', 'what is fresh in a call', 'where it runs', 'limits that are set']
  const rows = CONTESTANTS.map((one) => [one.name, versions(one.name), one.runs, one.fresh, one.thread, one.limits])
  return table(head, rows).replaceAll('---:', '---')
}

/** Who could not take part, and why. */
function failures(summaries) {
  const why = new Map()
  for (const { rows } of summaries)
    for (const { contestant, failed } of rows) if (failed !== undefined) why.set(`${contestant.name}: ${failed}`, true)
  return why.size === 0 ? [] : [['Not measured:', ...[...why.keys()].map((line) => `- ${line}`)].join('\n\n')]
}

function withPart(page, results) {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (start < 0 || end < start) throw new Error(`docs/performance.md has no place for the figures: ${BEGIN} … ${END}`)
  return `${page.slice(0, start)}${BEGIN}\n\n${partOf(results)}\n\n${page.slice(end)}`
}

export function writePage(results) {
  writeFileSync(PAGE, withPart(readFileSync(PAGE, 'utf8'), results))
}

/** The results, the page and the picture that are there. */
export const read = () => ({
  results: readResults(),
  page: readFileSync(PAGE, 'utf8'),
  picture: readFileSync(PICTURE, 'utf8'),
})

/** What is wrong with a page and a picture of some results, a sentence each; an empty list when nothing is. */
export function problemsOf({ results, page, picture }) {
  const [from, again] = ['bench/peers/results.json', 'run npm run bench:peers -- --draw']
  const problems = []
  if (page !== withPart(page, results)) problems.push(`docs/performance.md has other figures than ${from}: ${again}`)
  if (!picture.includes(stampOf(results))) problems.push(`docs/performance.svg is not drawn of ${from}: ${again}`)
  return problems
}
