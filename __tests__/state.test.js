// State: what a script stores in its own space, and reads back.
'use strict'

const { LuaError, runLua } = require('..')
const { rejection } = require('./support/rejection')

test('a value lives on after the call that stored it', async () => {
  expect(await runLua('State.set("greeting", "hello")', 'keeper')).toBe('')
  expect(await runLua('return State.get("greeting")', 'keeper')).toBe('hello')
})

test('every kind of value comes back as it went in', async () => {
  await runLua(
    `State.set("integer", 9007199254740993) State.set("float", 1.0) State.set("no", false)
     State.set("text", "tab\\t zero\\0 é") State.set("list", {1, {2}}) State.set("map", {a = {b = 1}})
     State.set("null", json.null) State.set("none", json.array {})`,
    'kinds',
  )
  const code = `
    assert(State.get("null") == json.null and State.get("text") == "tab\\t zero\\0 é")
    return State.get("integer"), State.get("float"), State.get("no"), State.get("list"), State.get("map"), State.get("none")`
  expect(await runLua(code, 'kinds')).toBe('9007199254740993\t1.0\tfalse\t[1,[2]]\t{"a":{"b":1}}\t[]')
})

test('a table that was stored is a copy', async () => {
  const code = `
    local t = {n = 1}
    State.set("t", t)
    t.n = 2
    local read = State.get("t")
    read.n = 3
    return State.get("t").n`
  expect(await runLua(code, 'copies')).toBe('1')
})

test('a key that nobody has reads as the default, or nil', async () => {
  expect(await runLua('return State.get("nowhere"), State.get("nowhere", 7)', 'reader')).toBe('nil\t7')
})

test('a stored false is not replaced by the default', async () => {
  expect(await runLua('State.set("flag", false) return State.get("flag", true)', 'reader')).toBe('false')
})

test('setting nil deletes', async () => {
  expect(await runLua('State.set("k", 1) State.set("k", nil) return State.has("k"), State.get("k")', 'eraser')).toBe(
    'false\tnil',
  )
})

test('delete says whether there was something', async () => {
  expect(await runLua('State.set("k", 1) return State.delete("k"), State.delete("k")', 'eraser')).toBe('true\tfalse')
})

test('list gives the own keys in byte order, all or those with a prefix', async () => {
  await runLua('State.set("theirs", 1)', 'neighbour')
  const code = `
    for _, key in ipairs { "b", "a/2", "a/10", "Z", "é" } do State.set(key, 1) end
    return State.list(), State.list("a/"), State.list("nothing")`
  expect(await runLua(code, 'lister')).toBe('["Z","a/10","a/2","b","é"]\t["a/10","a/2"]\t{}')
})

describe('a key of another script', () => {
  beforeAll(() => runLua('State.set("mine", 1)', 'owner'))

  test('is refused to get', async () => {
    const error = await rejection(runLua('return State.get("mine")', 'other'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_STATE_DENIED', chunk: 'other', line: 1 })
    expect(error.message).toContain('"mine"')
  })

  test('is not there for has, list and delete', async () => {
    expect(await runLua('return State.has("mine"), #State.list(), State.delete("mine")', 'other')).toBe(
      'false\t0\tfalse',
    )
    expect(await runLua('return State.get("mine")', 'owner')).toBe('1')
  })

  test('is not touched by a set of the same name', async () => {
    await runLua('State.set("mine", 2)', 'third')
    expect(await runLua('return State.get("mine")', 'owner')).toBe('1')
    expect(await runLua('return State.get("mine")', 'third')).toBe('2')
  })

  test('reads as nobody’s once its owner deleted it', async () => {
    await runLua('State.set("brief", 1)', 'owner')
    await runLua('State.delete("brief")', 'owner')
    expect(await runLua('return State.get("brief")', 'other')).toBe('')
  })
})

test('a refusal can be caught, and the script goes on', async () => {
  await runLua('State.set("held", 1)', 'holder')
  const code = 'local ok, e = pcall(State.get, "held") print(ok, e.code) State.set("mine", 5) return State.get("mine")'
  expect(await runLua(code, 'catcher')).toBe('false\tERR_STATE_DENIED\n5')
})
