// The figures: what results.json keeps of a run, and what is read from it.
import { readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { median, percentile, ratio } from '../measure.mjs'
import { CONTESTANTS } from './contestants.mjs'
import { MEASURED } from './jobs.mjs'
import { FOLDER } from './places.mjs'

export const RESULTS = path.join(FOLDER, 'results.json')

export const readResults = () => JSON.parse(readFileSync(RESULTS, 'utf8'))
export const writeResults = (results) => writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`)

/** The machine that the figures are of. */
export function machine() {
  const cpus = os.cpus()
  return {
    cpu: cpus[0].model.trim(),
    cores: cpus.length,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    system: `${os.type()} ${os.release().split('-')[0]}, ${os.arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
  }
}

/** What one measurement came to for each contestant: the middle of the rounds and the quarters around it, in its unit. */
export function summaryOf(measured, taken) {
  const scale = measured.unit === 'ms' ? 1000 : 1
  const known = Object.fromEntries(Object.entries(taken).filter(([, { failed }]) => failed === undefined))
  const all = Object.fromEntries(Object.entries(known).map(([name, { rounds }]) => [name, rounds]))
  const baseline = CONTESTANTS[0].name
  return CONTESTANTS.filter(({ name }) => name in taken).map((contestant) => {
    const { name } = contestant
    if (!(name in known)) return { contestant, failed: taken[name].failed }
    const [low, middle, high] = [percentile(all[name], 25), median(all[name]), percentile(all[name], 75)]
    const times = baseline in known && name !== baseline ? ratio(all, name, baseline) : undefined
    return { contestant, low: low / scale, median: middle / scale, high: high / scale, times, calls: known[name].calls }
  })
}

/** The summaries of all that was measured. */
export const summariesOf = ({ measured }) =>
  MEASURED.filter(({ key }) => key in measured).map((one) => ({
    measured: one,
    rows: summaryOf(one, measured[one.key]),
  }))

/** Three digits that count, as they are read: 0.123, 12.3, 1,230. */
export const figure = (number) =>
  number.toLocaleString('en', { minimumSignificantDigits: 3, maximumSignificantDigits: 3 })
