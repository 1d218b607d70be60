// moonpool check: looks for mistakes in scripts without running them.
'use strict'

const { readdirSync, statSync } = require('node:fs')
const path = require('node:path')
const { registry } = require('../native')
const { escaped } = require('../error-report')
const { engineOf } = require('./engine')
const { frameOf, linesOf } = require('./frame')
const { knownNames } = require('./known-names')
const { mistakesIn } = require('./mistakes')
const { bold, dim, green, red, yellow } = require('./paint')
const { readScript } = require('./source-file')
const { say } = require('./terminal')
const { UsageError } = require('./usage')

const OK = 0
const FAILED = 1

const listOf = (text) => text.split(',').map((name) => name.trim())

/** Resolves with the exit code. */
async function run(operands, options) {
  const files = [...new Set(operands.flatMap(filesOf))]
  const known = await knownBy(options)
  const found = []
  for (const file of files) {
    const { source } = await readScript(file)
    const lines = linesOf(source)
    for (const mistake of mistakesIn(known.engine, file === '-' ? 'stdin' : file, source, known)) {
      found.push({ file, ...mistake })
      if (!options.json) say(shown({ file, ...mistake }, lines))
    }
  }
  await known.engine.close()
  const errors = found.filter(({ severity }) => severity === 'error').length
  say(
    options.json ? `${JSON.stringify(found.map(reportOf))}\n` : summaryOf(files.length, errors, found.length - errors),
  )
  return errors > 0 ? FAILED : OK
}

/** What scripts find: the names of a VM, those of the host, and modules. */
async function knownBy({ libraries, globals = [], modules: folder }) {
  for (const name of libraries ?? []) {
    if (registry.libraries.includes(name)) continue
    throw new UsageError(`--libraries: there is no library '${name}': there are ${registry.libraries.join(', ')}`)
  }
  // The names are found with json, which need not be among the libraries.
  const { engine, modules } = await engineOf({ modules: folder })
  const known = await knownNames(engine)
  for (const name of registry.libraries) if (libraries && !libraries.includes(name)) known.delete(name)
  for (const name of globals.flat()) known.set(name, undefined)
  return { engine, known, modules: folder === undefined ? undefined : modules.map(({ name }) => name) }
}

/** A file, or all Lua files below a folder. */
function filesOf(operand) {
  if (operand === '-') return [operand]
  const stat = statSync(operand, { throwIfNoEntry: false })
  if (!stat) throw new UsageError(`there is no file '${operand}'`)
  if (!stat.isDirectory()) return [operand]
  return readdirSync(operand, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(operand, entry.name)
      if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : filesOf(file)
      return entry.isFile() && entry.name.endsWith('.lua') ? [file] : []
    })
}

function shown(mistake, lines) {
  const { file, line, column, severity, message } = mistake
  const place = column === undefined ? `${file}:${line}` : `${file}:${line}:${column + 1}`
  const kind = severity === 'error' ? red('error:') : yellow('warning:')
  return `${bold(escaped(place))}: ${kind} ${escaped(message)}\n${frameOf(lines, mistake)}\n`
}

const reportOf = ({ file, severity, line, column, message }) => ({
  file,
  line,
  ...(column === undefined ? {} : { column: column + 1 }),
  severity,
  message,
})

function summaryOf(files, errors, warnings) {
  const count = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`
  const checked = `${count(files, 'file')} checked: `
  if (errors + warnings === 0) return `${checked}${green('nothing is wrong')}\n`
  return `${checked}${errors > 0 ? red(count(errors, 'error')) : 'no errors'}, ${dim(count(warnings, 'warning'))}\n`
}

module.exports = {
  usage: 'FILE…',
  about: `Looks for mistakes in scripts, and runs none of them: code that does not compile, globals and functions of libraries that
no VM has, and locals that are never used, which are only warned of. Of a folder it takes all *.lua files in it.`,
  operands: [1, Number.POSITIVE_INFINITY],
  options: {
    globals: {
      value: 'NAMES, with commas',
      read: listOf,
      isMany: true,
      help: 'globals that your program gives to the scripts',
    },
    libraries: { value: 'NAMES, with commas', read: listOf, help: 'the libraries that your engine has: all' },
    modules: { value: 'DIR', help: 'the folder of the modules; then it looks for those that there are not, too' },
    json: { help: 'print the mistakes as one JSON array' },
  },
  exitCodes: { 0: 'no errors', 1: 'there are errors', 2: 'the command is wrong, or a file cannot be read' },
  run,
}
