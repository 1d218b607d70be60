// What --help prints: made of what the commands say of themselves.
'use strict'

const { bold } = require('./paint')
const { GENERAL } = require('./usage')

/** The help of a command. */
function helpOf(name, { usage, about, options, exitCodes }) {
  return [
    `${bold('Usage:')} moonpool ${name} ${usage}\n`,
    `${about}\n`,
    `${bold('Options:')}\n${listOf({ ...options, ...GENERAL })}`,
    `${bold('Exit codes:')}\n${columns(Object.entries(exitCodes))}`,
  ].join('\n')
}

/** The help of the program. */
function helpOfAll(commands) {
  const summaries = Object.entries(commands).map(([name, { summary }]) => [name, summary])
  return [
    `${bold('Usage:')} moonpool COMMAND [options]\n`,
    `${bold('Commands:')}\n${columns(summaries)}`,
    `${bold('Options:')}\n${listOf({ ...GENERAL, version: { short: 'v', help: 'print the version' } })}`,
    `'moonpool COMMAND --help' tells more of each.\n`,
  ].join('\n')
}

function listOf(options) {
  return columns(
    Object.entries(options).map(([name, { short, value, help }]) => [
      `${short ? `-${short}, ` : ''}--${name}${value ? ` ${nameOfValue(value)}` : ''}`,
      help,
    ]),
  )
}

/** The first word of what a value is called. */
const nameOfValue = (value) => value.split(/[ ,:]/)[0]

function columns(rows) {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')
}

module.exports = { helpOf, helpOfAll }
