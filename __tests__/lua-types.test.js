// The definitions that editors of scripts are given are true: types/moonpool.lua names exactly what a VM has.
'use strict'

const { readFileSync } = require('node:fs')
const path = require('node:path')
const { Engine } = require('..')
const { ROOT } = require('./support/child')

const FILE = path.join(ROOT, 'types/moonpool.lua')

/** Every global, and every entry of every library, with its type. */
const LISTING = `
  local names = {}
  for name, value in pairs(_G) do
    names[name] = type(value)
    if type(value) == "table" and value ~= _G then
      for inner, entry in pairs(value) do names[name .. "." .. inner] = type(entry) end
    end
  end
  return names`

/** What stands for a type in the definition file: a class is written as a table, `json.null` as nil. */
const WRITTEN = { script: 'userdata', 'json.null': 'userdata' }

function typeOfLiteral(text) {
  if (text === '{}') return 'table'
  return text.startsWith('"') ? 'string' : 'number'
}

/** The names that the definition file defines, with their types. A name that occurs twice is an error. */
function definitions(text) {
  const names = new Map()
  for (const [, called, assigned, value] of text.matchAll(/^(?:function ([\w.]+)\(|([\w.]+) = (.+)$)/gm)) {
    const name = called ?? assigned
    if (names.has(name)) throw new Error(`${name} is defined twice`)
    names.set(name, called ? 'function' : (WRITTEN[name] ?? typeOfLiteral(value)))
  }
  return Object.fromEntries(names)
}

/** The functions whose parameters are not those that the comment above them describes. */
function undescribed(text) {
  const wrong = []
  for (const [, comment, name, list] of text.matchAll(/((?:^---.*\n)*)^function ([\w.]+)\((.*)\) end$/gm)) {
    const described = [...comment.matchAll(/^---@param (\w+|\.\.\.)/gm)].map(([, parameter]) => parameter)
    if (described.join(', ') !== list) wrong.push(name)
  }
  return wrong
}

let engine

beforeEach(() => {
  engine = new Engine()
})

afterEach(() => engine.close())

test('the definition file names exactly the globals and library functions of a VM', async () => {
  const { value } = await engine.run(LISTING, 'x')
  expect(definitions(readFileSync(FILE, 'utf8'))).toEqual(value)
})

test('the definition file names the fields of script', async () => {
  const [, described] = /^---@class moonpool\.Script.*\n((?:---@field \w+ string.*\n)+)\n/m.exec(
    readFileSync(FILE, 'utf8'),
  )
  const fields = Array.from(described.matchAll(/^---@field (\w+)/gm), ([, field]) => field)
  const { values } = await engine.run(
    `return ${fields.map((field) => `type(script.${field})`).join(', ')}, script.other`,
    'x',
  )
  expect(fields).toEqual(['id', 'name', 'caller'])
  expect(values).toEqual(['string', 'string', 'nil', undefined])
})

test('the definition file compiles, and describes every parameter', () => {
  const text = readFileSync(FILE, 'utf8')
  engine.compile(text, { name: 'moonpool.lua' })
  expect(text).toMatch(/^---@meta/)
  expect(undescribed(text)).toEqual([])
})
