// The lines of a source around a place in it, as errors show them.
'use strict'

const { escaped } = require('../error-report')
const { bold, dim, red } = require('./paint')

/** How many lines are shown before and behind. */
const AROUND = 2

/** How many characters of a line. */
const WIDTH = 120

/** The lines of a source (bytes, or text), for `frameOf`: text with a character for each byte. */
const linesOf = (source) =>
  Buffer.from(source)
    .toString('latin1')
    // Lua ends lines as these.
    .split(/\r\n|\n\r|\r|\n/)

/**
 * The lines around line `line` of a source, with a mark below `size` bytes from byte `column` on, where that is given. Nothing
 * when there is no such line.
 */
function frameOf(lines, { line, column, size }, stream) {
  if (!(line >= 1 && line <= lines.length)) return ''
  // What stands behind the last line end is no line.
  const count = lines.at(-1) === '' && line < lines.length ? lines.length - 1 : lines.length
  const first = Math.max(1, line - AROUND)
  const last = Math.min(count, line + AROUND)
  const margin = String(last).length
  let text = ''
  for (let number = first; number <= last; number++) {
    const isIt = number === line
    const edge = `${isIt ? '>' : ' '} ${String(number).padStart(margin)} |`
    const code = shown(lines[number - 1])
    text += `${isIt ? bold(red(edge, stream), stream) : dim(edge, stream)}${code && ` ${code}`}\n`
    if (isIt && column !== undefined) text += markOf(lines[number - 1], column, size, margin, stream)
  }
  return text
}

function markOf(line, column, size, margin, stream) {
  const [before, marked] = [shown(line.slice(0, column)), shown(line.slice(column, column + size))]
  if (before.length + marked.length > WIDTH) return ''
  return `${dim(`  ${' '.repeat(margin)} |`, stream)} ${' '.repeat(before.length)}${red('^'.repeat(marked.length || 1), stream)}\n`
}

/** A line of bytes as a terminal may show it. Of a long one, no more is looked at than is shown. */
function shown(line) {
  const bytes = Buffer.from(line.slice(0, 4 * WIDTH + 1), 'latin1')
  const text = escaped(bytes.toString('utf8').replaceAll('\t', '  '))
  return text.length > WIDTH ? `${text.slice(0, WIDTH)}...` : text
}

module.exports = { frameOf, linesOf }
