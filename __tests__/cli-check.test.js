// moonpool check: what it finds in scripts, and what it does not take for a mistake.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Engine } = require('..')
const { namesOf } = require('../lib/cli/scopes')
const { cli } = require('./support/cli')
const { folderWith } = require('./support/files')

/** What it says of a source: a line for each mistake. */
async function mistakesIn(code, ...args) {
  const { stdout } = await cli(['check', '--json', '-', ...args], { input: code })
  return JSON.parse(stdout).map(({ severity, line, column, message }) => `${line}:${column} ${severity}: ${message}`)
}

test('globals that no VM has are errors, and those that the script sets are not', async () => {
  expect(await mistakesIn('total = 1\nprnt(total, helper)\nreturn script.id, host, _G, _VERSION')).toEqual([
    "2:1 error: no VM has a global 'prnt', and nothing here sets it; did you mean 'print'?",
    "2:13 error: no VM has a global 'helper', and nothing here sets it",
  ])
  expect(await mistakesIn('function later() return another end function another() end return later')).toEqual([])
})

test('functions of libraries that no VM has are errors, and what the script or the host adds is none', async () => {
  const code = `
    os.execute("ls") io.open("x") string.formatt("x") debug.traceback()
    function string.trim(s) return s end
    table.size = 1
    return string.trim("x"), table.size, host.anything.there, Shared.cats, script.whatever, _G.x, State.get("x")`
  expect(await mistakesIn(code)).toEqual([
    "2:8 error: no VM has 'os.execute', and nothing here sets it",
    "2:25 error: no VM has 'io.open', and nothing here sets it",
    "2:42 error: no VM has 'string.formatt', and nothing here sets it; did you mean 'format'?",
    "2:55 error: no VM has a global 'debug', and nothing here sets it",
  ])
})

test('locals that are never used are warned of, and parameters, loops and names that begin with _ are not', async () => {
  const code = `local a, b, _c = 1, 2
    local function f(x, ...) for i, v in pairs({}) do end end
    local set set = 1
    local closed <close> = setmetatable({}, { __close = print })
    local g = 1 local g = 2
    repeat local done = true until done
    local function used() return b end
    return used`
  expect(await mistakesIn(code)).toEqual([
    "1:7 warning: the local 'a' is never used",
    "2:20 warning: the local 'f' is never used",
    "3:11 warning: the local 'set' is set, and never read",
    "5:11 warning: the local 'g' is never used",
    "5:23 warning: the local 'g' is never used",
  ])
})

test('a name is what Lua takes it for, whatever stands around it', async () => {
  expect(await mistakesIn('local _ENV = { x = 1 } return x, y.z')).toEqual([])
  expect(await mistakesIn('local function f(_ENV) return x end return f(_ENV)')).toEqual([])
  expect(await mistakesIn('local t = { nope = 1, ["x"] = 2, inner } return t.nope, t:method(), t["z"]')).toEqual([
    "1:34 error: no VM has a global 'inner', and nothing here sets it",
  ])
  expect(
    await mistakesIn('goto done\n--[==[ nope ]] ]==] ::done:: return "nope \\" nope", [[nope]], 0x1p-4, 3 .. 4'),
  ).toEqual([])
  expect(
    await mistakesIn('#!/usr/bin/env nope\nlocal print = print return function(x) return print, x, missing end'),
  ).toEqual(["2:57 error: no VM has a global 'missing', and nothing here sets it"])
  expect(await mistakesIn('x.y.z = 1 x:f() x = nil')).toEqual([])
  for (const start of ['\ufeff', '\ufeff#!/usr/bin/env nope\n']) {
    expect(await mistakesIn(`${start}print(1)\nlocal unused`)).toEqual([
      expect.stringContaining("'unused' is never used"),
    ])
  }
})

test('a source with thousands of unknown names is looked through at once: the first ones have a hint', async () => {
  const found = await mistakesIn(Array.from({ length: 3000 }, (_, i) => `set_${i} = get_${i}`).join('\n'))
  expect(found).toHaveLength(3000)
  expect(found.filter((text) => text.includes('did you mean'))).toEqual(found.slice(0, 100))
})

test('what the host gives is named by options', async () => {
  expect(await mistakesIn('return RATE, LIMIT, os.time()', '--globals', 'RATE, LIMIT')).toEqual([])
  expect(await mistakesIn('return math.pi, string.len("")', '--libraries', 'string')).toEqual([
    "1:8 error: no VM has a global 'math', and nothing here sets it",
  ])
  const modules = folderWith({ 'rules/tax.lua': 'return 1' })
  expect(
    await mistakesIn('require "rules.tax" require("rules.tex") require(x)', '--modules', modules, '--globals=x'),
  ).toEqual(["1:29 error: there is no module 'rules.tex'; did you mean 'rules.tax'?"])
  expect(await mistakesIn('return require("anything")')).toEqual([])
  expect(await cli(['check', '--libraries', 'sting', '-'])).toMatchObject({ exitCode: 2 })
})

test('a mistake is shown where it is, and decides the exit code; a warning does not', async () => {
  const folder = folderWith({
    'a.lua': 'local x = "é" .. missing\n\nreturn x\n',
    'b/c.lua': 'x = = 2\n',
    'b/node_modules/d.lua': 'wrong',
    'b/e.txt': 'wrong',
    'f/fine.lua': 'return 1',
    'f/warned.lua': 'local unused',
  })
  const both = await cli(['check', 'a.lua', 'b'], { cwd: folder })
  expect(both).toEqual({
    exitCode: 1,
    stderr: '',
    stdout: `a.lua:1:19: error: no VM has a global 'missing', and nothing here sets it
> 1 | local x = "é" .. missing
    |                  ^^^^^^^
  2 |
  3 | return x

${path.join('b', 'c.lua')}:1: error: unexpected symbol near '='
> 1 | x = = 2

2 files checked: 2 errors, 0 warnings
`,
  })
  const warned = await cli(['check', 'f'], { cwd: folder })
  expect(warned).toMatchObject({ exitCode: 0 })
  expect(warned.stdout).toContain('2 files checked: no errors, 1 warning\n')
  expect(await cli(['check', 'f/fine.lua'], { cwd: folder })).toMatchObject({
    stdout: '1 file checked: nothing is wrong\n',
  })
  expect(await cli(['check', 'gone.lua'], { cwd: folder })).toMatchObject({ exitCode: 2 })
})

test('it goes through all that compiles', () => {
  const engine = new Engine()
  const folder = path.join(__dirname, 'attacks')
  const compiles = (source) => {
    try {
      return engine.compile(source) && true
    } catch {
      return false
    }
  }
  let count = 0
  for (const name of fs.readdirSync(folder).filter((name) => name.endsWith('.lua'))) {
    const source = fs.readFileSync(path.join(folder, name))
    // Those take the compiler seconds.
    if (/^(c|e1[23])/.test(name) || !compiles(source)) continue
    expect(() => namesOf(source.toString('latin1'))).not.toThrow()
    count += 1
  }
  expect(count).toBeGreaterThan(300)
})

test('what it finds to be globals are those that a VM asks for', async () => {
  const engine = new Engine()
  const folder = path.join(__dirname, '../examples')
  const sources = fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.lua') && !name.includes('node_modules'))
    .map((name) => fs.readFileSync(path.join(folder, name), 'latin1'))
  expect(sources.length).toBeGreaterThan(10)
  let asked = 0
  for (const source of sources) {
    const found = new Set(namesOf(source).read.map(({ name }) => name))
    // Some are made to run for ever.
    const nothing = { value: [] }
    const { value } = await engine.run(ASKED, 'test', { args: [source], cpuTimeout: 200 }).catch(() => nothing)
    expect([...found]).toEqual(expect.arrayContaining(value))
    asked += value.length
  }
  expect(asked).toBeGreaterThan(20)
})

/** Runs a source with globals that are whatever is asked for, for a while; returns which were. */
const ASKED = `
  local asked, count, anything = {}, 0, nil
  local function some()
    count = count + 1
    return count < 200 and anything or error("enough")
  end
  anything = setmetatable({}, { __index = some, __call = some, __concat = function() return "" end })
  local env = setmetatable({}, { __index = function(_, name) asked[name] = true return some() end })
  pcall(load(..., "=source", "t", env))
  local names = {}
  for name in pairs(asked) do names[#names + 1] = name end
  return json.array(names)`
