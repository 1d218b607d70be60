// Which command is meant, and what becomes of its failure: the exit code, and what the user reads.
'use strict'

const { COMMANDS } = require('./commands')
const { helpOf, helpOfAll } = require('./help')
const { hint } = require('../nearest')
const { setColour } = require('./paint')
const { fail, say } = require('./terminal')
const { GENERAL, UsageError, readArguments } = require('./usage')

/** Exit codes. */
const OK = 0
const FAILED = 1
const WRONG_USAGE = 2

/** Resolves with the exit code. */
async function main(argv) {
  const name = argv[0]
  try {
    const command = commandOf(argv)
    if (!command) return withoutCommand(argv)
    const { options, operands } = readArguments(argv.slice(1), command.options)
    setColour(options.color)
    if (options.help) return say(helpOf(name, command)) ?? OK
    checkOperands(name, command, operands)
    return await command.run(operands, options)
  } catch (error) {
    if (/_ADDON_/.test(error.code)) return fail(error.message) ?? FAILED
    if (!(error instanceof UsageError)) throw error
    const help = Object.hasOwn(COMMANDS, name) ? `moonpool ${name} --help` : 'moonpool --help'
    fail(`${error.message}\nSee '${help}'.`)
    return WRONG_USAGE
  }
}

/** The command that is named first. */
function commandOf([name]) {
  if (name === undefined || name.startsWith('-')) return undefined
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name].load()
  const names = Object.keys(COMMANDS)
  throw new UsageError(`there is no command '${name}'${hint(name, names) || `: the commands are ${names.join(', ')}`}`)
}

/** The program alone, or with options only. */
function withoutCommand(argv) {
  const { options } = readArguments(argv, { ...GENERAL, version: { short: 'v', help: 'print the version' } })
  setColour(options.color)
  if (options.version) say(`${require('../../package.json').version}\n`)
  else if (options.help) say(helpOfAll(COMMANDS))
  else throw new UsageError(`a command is missing: one of ${Object.keys(COMMANDS).join(', ')}`)
  return OK
}

/** A command takes so many operands, from the least to the most. */
function checkOperands(name, { operands: [least, most], usage }, given) {
  if (given.length >= least && given.length <= most) return
  const [what] = usage.split(' ')
  if (given.length < least) throw new UsageError(`moonpool ${name} needs ${what === 'DIR' ? 'a folder' : what}`)
  throw new UsageError(
    `moonpool ${name} takes ${most === 0 ? 'no operand' : `only ${what}`}. Received '${given[most]}', too`,
  )
}

module.exports = { main }
