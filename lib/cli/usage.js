// The arguments of a command: options and operands. What is wrong is a sentence that names it, and what was wanted.
'use strict'

const { parseArgs } = require('node:util')
const { hint } = require('../nearest')

/** The user has asked for something that there is not. */
class UsageError extends Error {}

/** What every command has. */
const GENERAL = {
  help: { short: 'h', help: 'print this' },
  color: { help: 'use colours, also where the output is no terminal; --no-color never does', isNegatable: true },
}

/**
 * Options and operands of a command line. `known` has the options by name: `value`, what its value is called, if it takes
 * one; `read`, which makes something of its text and throws a sentence; `isMany`; `short`; `help`; `isNegatable`.
 */
function readArguments(argv, known) {
  const all = { ...known, ...GENERAL }
  const { tokens } = parseArgs({
    args: argv,
    options: parsed(all),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const options = {}
  const operands = []
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind === 'option') take(options, token, all, argv)
  }
  return { options, operands }
}

/** As `parseArgs` wants them. */
function parsed(all) {
  const config = {}
  for (const [name, { value, short }] of Object.entries(all)) {
    config[name] = { type: value ? 'string' : 'boolean', ...(short ? { short } : {}) }
  }
  return config
}

function take(options, { name: given, rawName, value, inlineValue }, all, argv) {
  const isNo = given.startsWith('no-') && Object.hasOwn(all, given.slice(3)) && all[given.slice(3)].isNegatable
  const name = isNo ? given.slice(3) : given
  if (!Object.hasOwn(all, name)) throw unknown(rawName, all)
  const option = all[name]
  if (!option.value) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value. Received '${value}'`)
    options[name] = !isNo
    return
  }
  checkValue(rawName, option, value, inlineValue, argv)
  const read = option.read ? option.read(value, rawName) : value
  options[name] = option.isMany ? [...(options[name] ?? []), read] : read
}

function checkValue(rawName, option, value, inlineValue, argv) {
  if (value === undefined) throw new UsageError(`${rawName} needs a value: ${option.value}`)
  // What looks like an option is one, unless it stands in one piece with this.
  if (!inlineValue && value.length > 1 && value.startsWith('-') && argv.includes(value)) {
    throw new UsageError(
      `${rawName} needs a value: ${option.value}. For one that begins with '-', write ${rawName}=${value}`,
    )
  }
}

function unknown(rawName, all) {
  const names = Object.keys(all).map((name) => `--${name}`)
  const meant = rawName.startsWith('--') ? hint(rawName, names) : ''
  return new UsageError(`unknown option '${rawName}'${meant} (what stands behind -- is no option)`)
}

module.exports = { GENERAL, UsageError, readArguments }
