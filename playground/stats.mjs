// The figures of a run, and figures in words.
import { element } from './dom.mjs'

const number = (value, digits) => value.toLocaleString('en', { maximumFractionDigits: digits })

export const words = {
  time: (ms) => {
    if (ms >= 10_000) return `${number(ms / 1000, 1)} s`
    if (ms >= 1000) return `${number(ms / 1000, 2)} s`
    return `${number(ms, ms >= 100 ? 0 : ms >= 1 ? 1 : 2)} ms`
  },
  bytes: (bytes) => {
    if (bytes >= 1024 ** 2) return `${number(bytes / 1024 ** 2, 1)} MiB`
    return bytes >= 1024 ? `${number(bytes / 1024, 1)} KiB` : `${number(bytes, 0)} ${bytes === 1 ? 'byte' : 'bytes'}`
  },
}

const FIGURES = [
  ['runTime', 'Time', words.time],
  ['cpuTime', 'Computing', words.time],
  ['slices', 'Slices', (count) => number(count, 0)],
  ['queueTime', 'Queue', words.time],
  ['peakMemory', 'Memory', words.bytes],
]

/** Those that are not known yet are dashes. */
export function showStats(stats = {}) {
  const list = document.getElementById('stats')
  const figures = FIGURES.map(([name, title, show]) => {
    const value = stats[name] === undefined ? '–' : show(stats[name])
    return element('div', {}, element('dt', {}, title), element('dd', {}, value))
  })
  list.replaceChildren(...figures)
}

showStats()
