// Counts of instructions: what callgrind says, what they depend on, and how far those of now are from those that are kept.

/** By how much a count may differ from the one that is kept. */
export const TOLERANCE = 0.05

/** The instructions that callgrind counted, from what it has printed. */
export function instructionsIn(printed) {
  const found = /Collected : (\d+)/.exec(printed)
  if (found === null) throw new Error(`callgrind has counted nothing, and printed:\n${printed}`)
  return Number(found[1])
}

/** What a count depends on beside the sources; undefined where a compiler does not say its version. */
export function toolchainOf({ rustc = '', cc = '', arch }) {
  const rust = /^rustc (\S+)/.exec(rustc)?.[1]
  const c = /(\d+\.\d+\.\d+)$/.exec(cc.split('\n')[0])?.[1]
  return rust && c ? `rustc ${rust}, cc ${c}, ${arch}` : undefined
}

/** A line for each job, and the jobs whose counts are too far from those that are kept. */
export function compare(kept, counted) {
  const names = [...new Set([...Object.keys(kept), ...Object.keys(counted)])]
  const lines = []
  const bad = []
  for (const name of names) {
    const [before, now] = [kept[name], counted[name]]
    const change = before === undefined || now === undefined ? undefined : (now - before) / before
    const isGood = change !== undefined && Math.abs(change) <= TOLERANCE
    if (!isGood) bad.push(name)
    lines.push(`  ${name.padEnd(8)} ${count(before)} ${count(now)}   ${verdictOf(now, change)}`)
  }
  return { lines, bad }
}

const count = (number) => (number === undefined ? '-' : number.toLocaleString('en')).padStart(14)

function verdictOf(now, change) {
  if (change === undefined) return now === undefined ? 'GONE' : 'NEW'
  const percent = `${change < 0 ? '' : '+'}${(change * 100).toFixed(1)} %`
  if (Math.abs(change) <= TOLERANCE) return `${percent}   ok`
  return `${percent}   ${change > 0 ? 'MORE' : 'FEWER'} than ±${TOLERANCE * 100} %`
}
