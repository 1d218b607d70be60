// What a chunk of Lua that compiles does with names: which globals it reads and sets, and which locals it never reads.
//
// It goes through the grammar of Lua 5.4, and keeps of it only where names come from. The compiler has bounded how deep
// things are nested.
'use strict'

const { tokensOf } = require('./lexer')

/**
 * What a chunk does with names, in the order of the text:
 *
 * - `read`: globals, `{ name, at, size }`; `fields` of them, `{ table, name, … }`; each as often as it stands there
 * - `set`: the names of the globals that it sets; `setFields` those of the fields of globals, as `table.name`
 * - `required`: the names that are given to `require`, as far as they stand there
 * - `unused`: locals that are never read, `{ name, isSet, … }`
 */
function namesOf(text) {
  const walk = new Walk(tokensOf(text))
  walk.chunk()
  return walk.found
}

/** What binds stronger than what, to the left and to the right. */
const BINARY = {
  or: [1, 1],
  and: [2, 2],
  '<': [3, 3],
  '>': [3, 3],
  '<=': [3, 3],
  '>=': [3, 3],
  '~=': [3, 3],
  '==': [3, 3],
  '|': [4, 4],
  '~': [5, 5],
  '&': [6, 6],
  '<<': [7, 7],
  '>>': [7, 7],
  '..': [9, 8],
  '+': [10, 10],
  '-': [10, 10],
  '*': [11, 11],
  '/': [11, 11],
  '//': [11, 11],
  '%': [11, 11],
  '^': [14, 13],
}
const UNARY = new Set(['not', '-', '~', '#'])
const UNARY_BINDS = 12

/** What ends a block. */
const ENDS = new Set(['end of file', 'end', 'else', 'elseif', 'until'])

/** What calls what stands before it. */
const CALLS = new Set(['(', '{', 'string'])

/** An expression of which nothing is to be known. */
const VALUE = { kind: 'value' }

class Walk {
  #tokens
  #next = 0
  #scope
  found = { read: [], fields: [], set: new Set(), setFields: new Set(), required: [], unused: [] }

  constructor(tokens) {
    this.#tokens = tokens
  }

  chunk() {
    this.#block()
    this.#take('end of file')
    this.found.unused.sort((a, b) => a.at - b.at)
  }

  // Tokens

  get #token() {
    return this.#tokens[this.#next]
  }

  #is(type) {
    return this.#token.type === type
  }

  #take(type) {
    const token = this.#token
    if (token.type !== type) throw new Error(`'${type}' expected at ${token.at}, not '${token.type}'`)
    this.#next += 1
    return token
  }

  #skip(type) {
    if (!this.#is(type)) return false
    this.#next += 1
    return true
  }

  // Scopes

  /** Opens a scope, does something in it, and ends it: what was never read in it is known then. */
  #within(act) {
    this.#scope = { names: new Map(), above: this.#scope }
    act()
    for (const local of this.#scope.names.values()) this.#ends(local)
    this.#scope = this.#scope.above
  }

  #ends({ token, isRead, isSet, isVariable }) {
    if (isVariable && !isRead) this.found.unused.push({ ...placed(token), isSet })
  }

  /** Only variables of `local` need to be read: parameters and those of loops are often there for others. */
  #declare(token, isVariable) {
    const before = this.#scope.names.get(token.value)
    if (before) this.#ends(before)
    this.#scope.names.set(token.value, { token, isRead: token.value.startsWith('_'), isSet: false, isVariable })
  }

  #local(name) {
    for (let scope = this.#scope; scope; scope = scope.above) {
      const local = scope.names.get(name)
      if (local) return local
    }
    return undefined
  }

  /** Whether a name is a global: not where the chunk has an `_ENV` of its own. */
  #isGlobal(name) {
    if (this.#local(name)) return false
    const env = this.#local('_ENV')
    if (env) env.isRead = true
    return !env && name !== '_ENV'
  }

  /** An expression is read. */
  #read(what) {
    if (what.kind === 'name') {
      const local = this.#local(what.token.value)
      if (local) local.isRead = true
      else if (this.#isGlobal(what.token.value)) this.found.read.push(placed(what.token))
    } else if (what.kind === 'field') this.found.fields.push({ table: what.table, ...placed(what.token) })
  }

  /** An expression is assigned to. */
  #assign(what) {
    if (what.kind === 'name') {
      const local = this.#local(what.token.value)
      if (local) local.isSet = true
      else if (this.#isGlobal(what.token.value)) this.found.set.add(what.token.value)
    } else if (what.kind === 'field') this.found.setFields.add(`${what.table}.${what.token.value}`)
  }

  // Statements

  #block(before = () => {}, after = () => {}) {
    this.#within(() => {
      before()
      while (!ENDS.has(this.#token.type)) if (!this.#statement()) break
      after()
    })
  }

  /** Whether another one may follow. */
  #statement() {
    const act = STATEMENTS[this.#token.type]
    if (act) {
      const { type } = this.#take(this.#token.type)
      act(this.#parts)
      return type !== 'return'
    }
    this.#expressionStatement()
    return true
  }

  #expressionStatement() {
    const targets = [this.#suffixed()]
    while (this.#skip(',')) targets.push(this.#suffixed())
    // Of one that is no assignment, the last thing was a call.
    if (!this.#skip('=')) return
    this.#expressions()
    for (const target of targets) this.#assign(target)
  }

  /** What statements are made of. */
  #parts = {
    take: (type) => this.#take(type),
    skip: (type) => this.#skip(type),
    is: (type) => this.#is(type),
    ends: () => ENDS.has(this.#token.type),
    block: (before, after) => this.#block(before, after),
    declare: (token, isVariable) => this.#declare(token, isVariable),
    expression: () => this.#expression(),
    expressions: () => this.#expressions(),
    functionBody: (isMethod) => this.#functionBody(isMethod),
    field: (what) => this.#field(what),
    assign: (what) => this.#assign(what),
  }

  // Expressions

  #expressions() {
    do this.#expression()
    while (this.#skip(','))
  }

  #expression(limit = 0) {
    if (UNARY.has(this.#token.type)) {
      this.#next += 1
      this.#expression(UNARY_BINDS)
    } else this.#simple()
    for (;;) {
      const binds = BINARY[this.#token.type]
      if (!binds || binds[0] <= limit) return
      this.#next += 1
      this.#expression(binds[1])
    }
  }

  #simple() {
    const { type } = this.#token
    if (type === '{') this.#table()
    else if (type === 'function') {
      this.#next += 1
      this.#functionBody(false)
    } else if (type === 'name' || type === '(') this.#read(this.#suffixed())
    else if (['number', 'string', 'nil', 'true', 'false', '...'].includes(type)) this.#next += 1
    else throw new Error(`an expression expected at ${this.#token.at}, not '${type}'`)
  }

  #table() {
    this.#take('{')
    while (!this.#is('}')) {
      if (this.#skip('[')) {
        this.#expression()
        this.#take(']')
        this.#take('=')
      } else if (this.#is('name') && this.#tokens[this.#next + 1].type === '=') this.#next += 2
      this.#expression()
      if (!this.#skip(',') && !this.#skip(';')) break
    }
    this.#take('}')
  }

  /** A name or something in parentheses, and what follows it: fields, calls. It is not read yet. */
  #suffixed() {
    let what = VALUE
    if (this.#skip('(')) {
      this.#expression()
      this.#take(')')
    } else what = { kind: 'name', token: this.#take('name') }
    for (;;) {
      const after = this.#suffix(what)
      if (!after) return what
      what = after
    }
  }

  #suffix(what) {
    const { type } = this.#token
    if (type === '.') return this.#field(what)
    if (type === '[') {
      this.#read(what)
      this.#next += 1
      this.#expression()
      this.#take(']')
      return VALUE
    }
    if (type === ':') {
      this.#read(this.#field(what))
      this.#arguments()
      return VALUE
    }
    if (!CALLS.has(type)) return undefined
    this.#read(what)
    const isRequire = what.kind === 'name' && what.token.value === 'require' && this.#isGlobal('require')
    if (isRequire) this.#requires()
    this.#arguments()
    return VALUE
  }

  /** A field, after a `.` or a `:`. Of a global it is known whose. */
  #field(what) {
    this.#next += 1
    this.#read(what)
    const token = this.#take('name')
    const isOfGlobal = what.kind === 'name' && this.#isGlobal(what.token.value)
    return isOfGlobal ? { kind: 'field', table: what.token.value, token } : VALUE
  }

  #arguments() {
    if (this.#is('{')) this.#table()
    else if (!this.#skip('string')) {
      this.#take('(')
      if (!this.#is(')')) this.#expressions()
      this.#take(')')
    }
  }

  #requires() {
    const inParentheses = this.#is('(')
    const given = this.#tokens[this.#next + (inParentheses ? 1 : 0)]
    const isAlone = !inParentheses || this.#tokens[this.#next + 2].type === ')'
    if (given.type === 'string' && isAlone && !given.value.includes('\\')) this.found.required.push(placed(given))
  }

  #functionBody(isMethod) {
    this.#block(
      () => {
        if (isMethod) this.#declare({ value: 'self', at: 0, size: 0 }, false)
        this.#take('(')
        while (!this.#is(')')) {
          if (!this.#skip('...')) this.#declare(this.#take('name'), false)
          this.#skip(',')
        }
        this.#take(')')
      },
      () => {},
    )
    this.#take('end')
  }
}

const placed = ({ value, at, size }) => ({ name: value, at, size })

/** What follows each keyword that begins a statement, and the marks that are statements. */
const STATEMENTS = {
  ';': () => {},
  break: () => {},
  goto: ({ take }) => take('name'),
  '::': ({ take }) => {
    take('name')
    take('::')
  },
  do: ({ block, take }) => {
    block()
    take('end')
  },
  while: ({ expression, take, block }) => {
    expression()
    take('do')
    block()
    take('end')
  },
  // Its condition sees the locals of the block.
  repeat: ({ block, take, expression }) =>
    block(undefined, () => {
      take('until')
      expression()
    }),
  if: ({ expression, take, block, skip }) => {
    do {
      expression()
      take('then')
      block()
    } while (skip('elseif'))
    if (skip('else')) block()
    take('end')
  },
  for: ({ take, skip, expressions, block, declare }) => {
    const names = [take('name')]
    while (skip(',')) names.push(take('name'))
    if (!skip('=')) take('in')
    expressions()
    take('do')
    block(() => {
      for (const name of names) declare(name, false)
    })
    take('end')
  },
  function: ({ take, is, field, assign, functionBody }) => {
    let what = { kind: 'name', token: take('name') }
    let isMethod = false
    while (is('.') || is(':')) {
      isMethod = is(':')
      what = field(what)
    }
    assign(what)
    functionBody(isMethod)
  },
  local: ({ take, skip, is, declare, expressions, functionBody }) => {
    if (skip('function')) {
      declare(take('name'), true)
      return functionBody(false)
    }
    const names = []
    do {
      const token = take('name')
      const attribute = skip('<') ? take('name').value : undefined
      if (attribute) take('>')
      // What is closed when it goes out of scope is there for that.
      names.push({ token, isVariable: attribute !== 'close' })
    } while (skip(','))
    if (is('=')) {
      take('=')
      expressions()
    }
    for (const { token, isVariable } of names) declare(token, isVariable)
  },
  return: ({ ends, is, expressions, skip }) => {
    if (!ends() && !is(';')) expressions()
    skip(';')
  },
}

module.exports = { namesOf }
