// What is wrong with a source, as far as that is known without running it.
'use strict'

const { nameOfFile } = require('../source')
const { hint } = require('../nearest')
const { columnOf } = require('./failure')
const { namesOf } = require('./scopes')

/** To look for the name that is meant takes time: it is done for so many mistakes of a kind, among so many names of such a length. */
const HINTS = 100
const NAMES = 1000
const LENGTH = 60

/**
 * The mistakes in a source, in the order of the text: `{ severity, line, column, size, message }`, with a column and a size
 * in bytes, from 0, where they are known. `known` are the names that a VM has, `modules` those of the modules, if that is known.
 */
function mistakesIn(engine, file, source, { known, modules }) {
  const wrong = syntaxError(engine, file, source)
  if (wrong) return [wrong]
  const text = source.toString('latin1')
  const names = namesOf(text)
  const place = placesIn(text)
  return [
    ...unknownGlobals(names, known),
    ...unknownFields(names, known),
    ...unknownModules(names, modules),
    ...unusedLocals(names),
  ]
    .sort((a, b) => a.at - b.at)
    .map(({ at, ...mistake }) => ({ ...mistake, ...place(at) }))
}

function syntaxError(engine, file, source) {
  try {
    engine.compile(source, { name: nameOfFile(file) })
    return undefined
  } catch (error) {
    if (error.code !== 'ERR_LUA_SYNTAX') return { severity: 'error', line: 1, message: error.message }
    const { line = 1 } = error
    const message = error.message.replace(/^.*?:(?:\d+|\?): /, '')
    return { severity: 'error', line, ...columnOf(error, source), message }
  }
}

/** Says which name is meant, if there is one that is near. */
function hinting() {
  let left = HINTS
  return (name, names) => (left-- > 0 ? hint(name, names) : '')
}

function unknownGlobals({ read, set }, known) {
  const names = [...known.keys(), ...set].filter(({ length }) => length <= LENGTH).slice(0, NAMES)
  const hintOf = hinting()
  return read
    .filter(({ name }) => !known.has(name) && !set.has(name))
    .map(({ name, at, size }) => {
      const message = `no VM has a global '${name}', and nothing here sets it${hintOf(name, names)}`
      return { severity: 'error', at, size, message }
    })
}

function unknownFields({ fields, setFields, set }, known) {
  const hintOf = hinting()
  return fields
    .filter(({ table, name }) => {
      const there = known.get(table)
      return there && !there.has(name) && !setFields.has(`${table}.${name}`) && !set.has(table)
    })
    .map(({ table, name, at, size }) => {
      const message = `no VM has '${table}.${name}', and nothing here sets it${hintOf(name, [...known.get(table)])}`
      return { severity: 'error', at, size, message }
    })
}

function unknownModules({ required }, modules) {
  if (!modules) return []
  const hintOf = hinting()
  return required
    .filter(({ name }) => !modules.includes(name))
    .map(({ name, at, size }) => {
      return { severity: 'error', at, size, message: `there is no module '${name}'${hintOf(name, modules)}` }
    })
}

function unusedLocals({ unused }) {
  return unused.map(({ name, isSet, at, size }) => {
    const message = `the local '${name}' is ${isSet ? 'set, and never read' : 'never used'}`
    return { severity: 'warning', at, size, message }
  })
}

/** What finds the line and the column of a place in a text. */
function placesIn(text) {
  const starts = [0]
  for (const { index, 0: end } of text.matchAll(/\r\n|\n\r|\r|\n/g)) starts.push(index + end.length)
  let line = 0
  // They are asked for in order.
  return (at) => {
    while (line + 1 < starts.length && starts[line + 1] <= at) line += 1
    return { line: line + 1, column: at - starts[line] }
  }
}

module.exports = { mistakesIn }
