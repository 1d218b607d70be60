// What was typed, as a chunk: an expression, a statement, or the beginning of either.
'use strict'

/**
 * What is to be evaluated of a text: `{ code }`; `{ isIncomplete: true }` when more has to come; or `{ error }`. An expression
 * gives its values, also behind `=`, as in older versions of Lua.
 */
function chunkOf(engine, text) {
  const body = text.replace(/^\s*=/, '')
  const expression = `return ${body}`
  const noExpression = syntaxErrorOf(engine, expression)
  if (!noExpression) return { code: expression }
  const noStatement = body === text ? syntaxErrorOf(engine, text) : noExpression
  if (!noStatement) return { code: text }
  if (isAtEnd(noExpression) || isAtEnd(noStatement)) return { isIncomplete: true, error: noStatement }
  return { error: noStatement }
}

function syntaxErrorOf(engine, code) {
  try {
    engine.compile(code, { name: 'stdin' })
    return undefined
  } catch (error) {
    return error
  }
}

/** Whether Lua has found the end of the text where it wanted more. A string in quotes ends with its line. */
const isAtEnd = ({ code, message }) =>
  code === 'ERR_LUA_SYNTAX' && message.endsWith('<eof>') && !message.endsWith(': unfinished string near <eof>')

module.exports = { chunkOf, syntaxErrorOf }
