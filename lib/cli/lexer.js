// The tokens of Lua source that compiles, as `check` looks at it. Text is bytes: one character for each (latin1).
'use strict'

const KEYWORDS = new Set(
  (
    'and break do else elseif end false for function goto if in local nil not or repeat return then true until ' +
    'while'
  ).split(' '),
)

/** What is left out at the beginning: a byte order mark, and a first line for the shell. */
const SKIPPED = /^(?:\xef\xbb\xbf)?(?:#[^\r\n]*)?/
/** Blanks, or a comment. */
const BLANK = /[ \t\r\n\f\v]+|--\[(=*)\[[\s\S]*?\]\1\]|--[^\r\n]*/y
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const NUMBER = /0[xX](?:[pP][+-]|[0-9a-fA-FpP.])+|\.?[0-9](?:[eE][+-]|[0-9a-zA-Z.])*/y
const LONG_STRING = /\[(=*)\[([\s\S]*?)\]\1\]/y
const OPERATOR = /\.\.\.|\.\.|==|~=|<=|>=|<<|>>|\/\/|::|[-+*/%^#&~|<>=(){}[\];:,.]/y

/** What can be read at a place, by the kind of token that it is; and what is kept of it. */
const KINDS = [
  ['name', NAME, ([text]) => text],
  ['number', NUMBER, ([text]) => text],
  ['string', LONG_STRING, ([, , inner]) => inner],
  ['operator', OPERATOR, ([text]) => text],
]

/** All tokens: `{ type, value, at, size }`, `at` is where it begins. The type of keywords and operators is their text. */
function tokensOf(text) {
  const tokens = []
  let at = SKIPPED.exec(text)[0].length
  while (at < text.length) {
    const blank = matchAt(BLANK, text, at)
    if (blank.found) at = blank.end
    else {
      const token = tokenAt(text, at)
      tokens.push(token)
      at += token.size
    }
  }
  tokens.push({ type: 'end of file', value: '', at, size: 0 })
  return tokens
}

function tokenAt(text, at) {
  if (text[at] === '"' || text[at] === "'") {
    const end = endOfString(text, at)
    return { type: 'string', value: text.slice(at + 1, end), at, size: end + 1 - at }
  }
  for (const [kind, pattern, valueIn] of KINDS) {
    const { found, end } = matchAt(pattern, text, at)
    if (!found) continue
    const value = valueIn(found)
    const isItself = kind === 'operator' || (kind === 'name' && KEYWORDS.has(value))
    return { type: isItself ? value : kind, value, at, size: end - at }
  }
  throw new Error(`no token begins at ${at}`)
}

/** Where the quote stands that ends a short string. */
function endOfString(text, at) {
  let end = at + 1
  while (end < text.length && text[end] !== text[at]) end += text[end] === '\\' ? 2 : 1
  return end
}

function matchAt(pattern, text, at) {
  pattern.lastIndex = at
  const found = pattern.exec(text)
  return { found, end: found ? pattern.lastIndex : at }
}

module.exports = { KEYWORDS, tokensOf }
