// What Rust has written down once is what the types, the documents and lib/ say: error codes, libraries, defaults.
'use strict'

const { readdirSync, readFileSync } = require('node:fs')
const path = require('node:path')
const { registry } = require('../lib/native')
const { ROOT } = require('./support/child')

const { codes, libraries, defaults } = registry

/** Those of a package without an addon that it can use, which no registry of Rust can have. */
const ADDON_CODES = ['ERR_ADDON_UNSUPPORTED', 'ERR_ADDON_MISSING', 'ERR_ADDON_LOAD', 'ERR_ADDON_VERSION']

/** And Node's own. */
const OTHER_CODES = ['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE', ...ADDON_CODES]

/** Those that end a run, or say that nothing was run: no script sees them. A new code is here, or scripts are told. */
const UNSEEN_CODES = [
  ...['ERR_LUA_SYNTAX', 'ERR_LUA_TIMEOUT', 'ERR_LUA_MEMORY', 'ERR_LUA_OUTPUT', 'ERR_INTERNAL'],
  ...[
    'ERR_QUEUE_FULL',
    'ERR_QUOTA',
    'ERR_QUEUE_TIMEOUT',
    'ERR_CONTEXT_BUSY',
    'ERR_CONTEXT_CLOSED',
    'ERR_ENGINE_CLOSED',
    'ERR_SYSTEM',
  ],
]

const read = (file) => readFileSync(path.join(ROOT, file), 'utf8')

/** All files below a folder that end so. */
function filesIn(folder, ending) {
  const names = readdirSync(path.join(ROOT, folder), { recursive: true })
  return names.filter((name) => name.endsWith(ending)).map((name) => path.join(folder, name))
}

const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...filesIn('docs', '.md'),
  ...filesIn('crates', '.md'),
]
const TYPES = read('index.d.ts')
const LUA_TYPES = read('types/moonpool.lua')

const all = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found)
const sorted = (names) => [...names].sort()

/** The rows of a table, as lists of cells: of the only one whose head begins with these cells. */
function table(text, ...head) {
  const start = new RegExp(`^(?: \\* )?\\| ${head.join(' \\| ')} \\|.*\\n.*\\n((?:(?: \\* )?\\|.*\\n)+)`, 'gm')
  const found = all(text, start)
  if (found.length !== 1) throw new Error(`${found.length} tables begin with ${head.join(', ')}`)
  const rows = found[0].trim().split('\n')
  return rows.map((row) =>
    row
      .slice(row.indexOf('|') + 1, row.lastIndexOf('|'))
      .split(' | ')
      .map((cell) => cell.trim()),
  )
}

/** The codes in the first column of a table. */
const codesIn = (text, ...head) => table(text, ...head).map(([code]) => code.replaceAll('`', ''))

/** The strings of a union: `'a' | 'b'`, also over several lines. */
const union = (name) => all(new RegExp(`^export type ${name} =([^\\n]*(?:\\n  .*)*)`, 'm').exec(TYPES)[1], /'(\w+)'/g)

const UNITS = { '': 1, ' KB': 1000, ' KiB': 2 ** 10, ' MiB': 2 ** 20, ' GiB': 2 ** 30, ' s': 1000 }

/** What an amount in words is: `10 000`, `64 MiB`, `5 s`. Undefined for anything else. */
function amount(text) {
  const [, number, unit] = /^(\d+(?:[. ]\d+)*?)( \p{L}+)?$/u.exec(text) ?? []
  return number && Number(number.replaceAll(' ', '')) * UNITS[unit ?? '']
}

/** The interfaces of index.d.ts whose options the registry names with a prefix. */
const PREFIXES = {
  CodeCacheOptions: 'codeCache.',
  CloseOptions: 'close.',
  ContextOptions: 'context.',
  PoolOptions: 'pool.',
  SharedDictOptions: 'sharedDict.',
  IdLimits: 'perId.',
  SqliteState: 'state.',
  RedisState: 'state.',
}

/** Every `@defaultValue` of index.d.ts, by the option's name in the registry. */
function defaultsOfTypes() {
  const found = {}
  for (const [, name, body] of TYPES.matchAll(/^export interface (\w+).*?\{\n(.*?)^\}/gms)) {
    for (const [, text, option] of body.matchAll(/@defaultValue (.*)\n +\*\/\n +(\w+)\?:/g)) {
      found[`${PREFIXES[name] ?? ''}${option}`] = text
    }
  }
  return found
}

describe('codes', () => {
  test('the union and the table of index.d.ts are those of the registry', () => {
    expect(sorted(union('LuaErrorCode'))).toEqual(sorted(codes))
    expect(sorted(codesIn(TYPES, 'code', 'when'))).toEqual(sorted(codes))
  })

  test('the table of README.md', () => {
    expect(sorted(codesIn(read('README.md'), '`code`', 'when'))).toEqual(sorted(codes))
  })

  test('docs/errors.md has a section and a symptom for each, and a row for each limit', () => {
    const text = read('docs/errors.md')
    expect(sorted(all(text, /^### `(ERR_\w+)`$/gm))).toEqual(sorted([...codes, ...ADDON_CODES]))
    const symptoms = table(text, 'what you see', 'code').flatMap(([, cell]) => all(cell, /`(ERR_\w+)`/g))
    expect(sorted(symptoms)).toEqual(sorted([...codes, ...OTHER_CODES]))
    const limits = all(/^export type LimitName =([^;]*?)\n\n/m.exec(`${TYPES}\n\n`)[1], /'([\w.]+)'/g)
    const named = table(text, '`limit`', 'with the code', 'what was too much').map(([limit]) =>
      limit.replaceAll('`', ''),
    )
    expect(sorted(new Set(named))).toEqual(sorted([...limits, 'maxSource']))
  })

  test('script authors are told all that a script can see', () => {
    const seen = codes.filter((code) => !UNSEEN_CODES.includes(code))
    expect(codes).toEqual(expect.arrayContaining(UNSEEN_CODES))
    expect(sorted(all(LUA_TYPES, /^---\| "(ERR_\w+)"/gm))).toEqual(sorted(seen))
    expect(sorted(codesIn(read('docs/lua-api.md'), '`code`', 'raised by'))).toEqual(sorted(seen))
  })

  test('no document, no type and no file of lib/ names one that is not there', () => {
    const files = [...PAGES, ...filesIn('lib', '.js'), 'index.d.ts', 'types/moonpool.lua']
    const named = files.flatMap((file) => (read(file).match(/ERR_[A-Z_]+/g) ?? []).map((code) => ({ file, code })))
    expect(named.length).toBeGreaterThan(100)
    expect(named.filter(({ code }) => ![...codes, ...OTHER_CODES].includes(code))).toEqual([])
  })
})

describe('libraries', () => {
  test('index.d.ts', () => {
    expect(sorted(union('Library'))).toEqual(sorted(libraries))
  })

  test('types/moonpool.lua has each as a table, beside what is always there', () => {
    const tables = all(LUA_TYPES, /^(\w+) = \{\}$/gm)
    expect(sorted(tables)).toEqual(sorted([...libraries, '_G', 'host', 'script']))
  })

  test('docs/lua-api.md has each in its table, and in the sentence on what may be left out', () => {
    const text = read('docs/lua-api.md')
    const rows = table(text, 'where', 'names').map(([where]) => where.replaceAll('`', ''))
    expect(sorted(rows)).toEqual(sorted([...libraries, 'globals', 'host', 'script']))
    const [, list] = /may leave out libraries \(([^)]*)\)/.exec(text)
    expect(sorted(all(list, /`(\w+)`/g))).toEqual(sorted(libraries))
  })
})

describe('defaults', () => {
  const documented = defaultsOfTypes()

  test.each(Object.entries(defaults).sort())('index.d.ts says that of %s is %i', (option, value) => {
    const [, number, words] = /^(.*?)(?: \((.*)\))?$/.exec(documented[option] ?? '')
    expect(amount(number)).toBe(value)
    if (words) expect(amount(words)).toBe(value)
  })

  test('index.d.ts has no number that the registry has not', () => {
    const numbers = Object.keys(documented).filter((option) => /^\d/.test(documented[option]))
    expect(sorted(numbers)).toEqual(sorted(Object.keys(defaults)))
  })

  test('the table of README.md', () => {
    const rows = table(read('README.md'), 'option', 'default')
    const numbers = rows
      .map(([option, text]) => [option.replaceAll('`', ''), amount(text)])
      .filter(([, value]) => value)
    const { timeout, memoryLimit, maxOutput, maxSource, maxNodes, maxLog } = defaults
    expect(Object.fromEntries(numbers)).toEqual({ timeout, memoryLimit, maxOutput, maxSource, maxNodes, maxLog })
  })

  test('the sums of docs/engine.md', () => {
    const { memoryLimit, maxQueue, maxSource, stateQuota } = defaults
    const sums = table(read('docs/engine.md'), 'what', 'bound', 'with the defaults').map(([, , sum]) => sum)
    const gib = (bytes) => `${(bytes / UNITS[' GiB']).toFixed(1)} GiB`
    const mib = (bytes) => `${Math.round(bytes / UNITS[' MiB'])} MiB`
    expect(sums).toEqual([
      'a half of the memory',
      gib(128 * memoryLimit * 1.4),
      mib(memoryLimit * 1.4),
      gib(maxQueue * maxSource),
      '',
      `${mib(stateQuota)} for each`,
      `${mib(defaults['sharedDict.maxBytes'])} for each`,
      `${mib(defaults['codeCache.maxBytes'])}, and ${mib(defaults['codeCache.maxBytes'])} for each`,
    ])
  })

  test.each([
    ['README.md', 'stateQuota', /a space of its own, of at most (.+?) \(the engine's `stateQuota`\)/],
    ['docs/engine.md', 'maxQueue', /Up to `maxQueue` runs may wait to begin, (.+?) by default/],
    ['docs/engine.md', 'codeCache.maxEntries', /By default it keeps up to (\d+) chunks/],
    ['docs/engine.md', 'codeCache.maxBytes', /By default it keeps up to \d+ chunks and (.+?);/],
    ['docs/engine.md', 'sharedDict.maxBytes', /how many bytes it holds, (.+?) by default/],
    ['docs/engine.md', 'warmVms', /up to `warmVms` VMs ahead, (\d+) by default/],
    ['docs/engine.md', 'close.timeout', /After its `timeout`, (.+?) by default, it stops the rest/],
    ['docs/contexts.md', 'context.maxFunctions', /`maxFunctions` of them at once, (.+?) by default/],
    ['docs/contexts.md', 'pool.setupTimeout', /bounds how long it may take, (.+?) by default/],
    ['docs/lua-api.md', 'stateQuota', /A space holds at most (.+?), or what the host has set/],
    ['docs/decisions/0005-a-bound-on-started-runs.md', 'timeout', /the default `timeout` of (\d+ s)/],
  ])('the words of %s on %s', (page, option, pattern) => {
    const [, text] = pattern.exec(read(page).replace(/\s+/g, ' ')) ?? []
    expect(amount(text)).toBe(defaults[option])
  })
})
