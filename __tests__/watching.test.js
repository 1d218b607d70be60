// A folder of modules that is watched: what changes in it is found by the runs that begin after that.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { Engine, LuaError } = require('..')
const { engineWith, engineWithModules } = require('./support/engine')
const { ROOT, runProgram } = require('./support/child')
const { folderWith } = require('./support/files')
const { rejection } = require('./support/rejection')

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** An engine that watches a folder with these files; `write` writes one, and `told` has what it said of errors. */
async function watching(files, engine = engineWith()) {
  const folder = folderWith(files)
  const told = []
  engine.on('moduleError', (error, name) => told.push({ error, name }))
  const names = await engine.addModules(folder, { watch: true })
  const write = (file, source) => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    fs.writeFileSync(path.join(folder, file), source)
  }
  return { engine, folder, told, names, write }
}

const found = async (engine, name) =>
  engine.runLua(`local ok, m = pcall(require, "${name}") return ok and m or "none"`, 'x')

/** Waits until a module is so: as long as the test may take. */
async function becomes(engine, name, wanted) {
  while ((await found(engine, name)) !== wanted) await later(5)
}

/** Waits until something was told. */
async function tells(told, count = 1) {
  while (told.length < count) await later(5)
}

test('files that change, appear and vanish', async () => {
  const { engine, folder, names, told, write } = await watching({
    'tax.lua': 'return "old"',
    'rules/init.lua': 'return "r"',
  })
  expect(names).toEqual(['rules', 'tax'])
  write('tax.lua', 'return "new"')
  await becomes(engine, 'tax', 'new')
  write('deep/er/a.lua', 'return "a"')
  await becomes(engine, 'deep.er.a', 'a')
  write('deep/er/b.lua', 'return "b"')
  write('rules/init.lua', 'return "r2"')
  await Promise.all([becomes(engine, 'deep.er.b', 'b'), becomes(engine, 'rules', 'r2')])
  fs.rmSync(path.join(folder, 'tax.lua'))
  fs.rmSync(path.join(folder, 'deep'), { recursive: true })
  await Promise.all(['tax', 'deep.er.a', 'deep.er.b'].map((name) => becomes(engine, name, 'none')))
  write('deep/er/a.lua', 'return "back"')
  await becomes(engine, 'deep.er.a', 'back')
  write('deep/er/a.lua', 'return "and on"')
  await becomes(engine, 'deep.er.a', 'and on')
  expect(await found(engine, 'rules')).toBe('r2')
  expect(told).toEqual([])
})

test('a run that has begun keeps what it had, and so does a context', async () => {
  const engine = engineWith()
  let go
  engine.expose(
    'open',
    () =>
      new Promise((resolve) => {
        go = resolve
      }),
  )
  const { write } = await watching({ 'tax.lua': 'return "old"' }, engine)
  const context = engine.createContext('x')
  const run = engine.runLua('host.open() return require("tax")', 'x')
  while (!go) await later(1)
  write('tax.lua', 'return "new"')
  await becomes(engine, 'tax', 'new')
  go()
  expect(await run).toBe('old')
  expect((await context.run('return require("tax")')).value).toBe('old')
})

test('a file that does not compile: the old one stays, and it is told once', async () => {
  const { engine, told, write } = await watching({ 'tax.lua': 'return "old"', 'a.lua': 'return 1' })
  write('tax.lua', '\nlocal = 1')
  write('a.lua', 'return 2')
  await tells(told)
  const { error, name } = told[0]
  expect(error).toBeInstanceOf(LuaError)
  expect(error).toMatchObject({ code: 'ERR_LUA_SYNTAX', chunk: 'tax', line: 2 })
  expect(name).toBe('tax')
  expect(await found(engine, 'tax')).toBe('old')
  await becomes(engine, 'a', '2')
  write('a.lua', 'return 3')
  await becomes(engine, 'a', '3')
  expect(told.length).toBe(1)
  write('tax.lua', 'local =')
  await tells(told, 2)
  write('tax.lua', 'return "good"')
  await becomes(engine, 'tax', 'good')
  expect(told.length).toBe(2)
})

test('a file system whose clock ticks slowly', async () => {
  const { stat } = fs.promises
  const slow = jest.spyOn(fs.promises, 'stat').mockImplementation(async (file) => {
    const found = await stat(file)
    return Object.assign(found, {
      mtimeMs: Math.floor(found.mtimeMs / 2000) * 2000,
      ctimeMs: Math.floor(found.ctimeMs / 2000) * 2000,
    })
  })
  try {
    const { engine, write } = await watching({ 'a.lua': 'return 0' })
    for (const version of ['1', '2', '3', '4']) {
      write('a.lua', `return ${version}`)
      await becomes(engine, 'a', version)
    }
    expect(slow).toHaveBeenCalled()
  } finally {
    slow.mockRestore()
  }
})

test('nobody listens: nothing happens; and a new file that is wrong is no module', async () => {
  const folder = folderWith({ 'tax.lua': 'return "old"' })
  const engine = engineWith()
  await engine.addModules(folder, { watch: true })
  fs.writeFileSync(path.join(folder, 'bad.lua'), '=')
  fs.writeFileSync(path.join(folder, 'good.lua'), 'return "good"')
  await becomes(engine, 'good', 'good')
  expect(await found(engine, 'bad')).toBe('none')
})

describe('editors that write by rename', () => {
  const WAYS = {
    'a new file in place of the old': (file, source) => {
      fs.writeFileSync(`${file}.tmp`, source)
      fs.renameSync(`${file}.tmp`, file)
    },
    'the old one put aside, and a new one written': (file, source) => {
      fs.renameSync(file, `${file}~`)
      fs.writeFileSync(file, source)
      fs.rmSync(`${file}~`)
    },
    'emptied, and then written': (file, source) => {
      const handle = fs.openSync(file, 'w')
      for (const character of source) fs.writeSync(handle, character)
      fs.closeSync(handle)
    },
    'removed, and then written': (file, source) => {
      fs.rmSync(file)
      fs.writeFileSync(file, source)
    },
    'beside a lock that leads nowhere': (file, source) => {
      const lock = path.join(path.dirname(file), '.#tax.lua')
      fs.symlinkSync('user@host.1234', lock)
      fs.writeFileSync(file, source)
      fs.rmSync(lock)
    },
  }

  test.each(Object.keys(WAYS))('%s: it is never missing', async (way) => {
    const { engine, folder, told } = await watching({ 'tax.lua': 'return "v0"' })
    let over = false
    const seen = new Set()
    const look = (async () => {
      while (!over) {
        seen.add(await found(engine, 'tax'))
        await later(1)
      }
    })()
    for (const version of ['v1', 'v2']) {
      WAYS[way](path.join(folder, 'tax.lua'), `return "${version}"`)
      await becomes(engine, 'tax', version)
      // Whoever looks meanwhile may end before that.
      seen.add(version)
    }
    over = true
    await look
    expect([...seen].sort()).toEqual(['v0', 'v1', 'v2'])
    expect(told).toEqual([])
  })

  test('a file that is gone for a moment is not missing', async () => {
    const { engine, folder, write } = await watching({ 'tax.lua': 'return "v0"', 'a.lua': 'return 0' })
    fs.renameSync(path.join(folder, 'tax.lua'), path.join(folder, 'aside'))
    await later(70)
    fs.renameSync(path.join(folder, 'aside'), path.join(folder, 'tax.lua'))
    write('a.lua', 'return 1')
    while ((await found(engine, 'a')) !== '1') expect(await found(engine, 'tax')).toBe('v0')
    expect(await found(engine, 'tax')).toBe('v0')
  })
})

describe('the folder itself', () => {
  test('removed and made anew', async () => {
    const { engine, folder, told, write } = await watching({ 'tax.lua': 'return "old"', 'inner/a.lua': 'return "old"' })
    fs.rmSync(folder, { recursive: true })
    await tells(told)
    expect(told[0].error).toMatchObject({ code: 'ENOENT' })
    // It may be on its way: what was in it stays.
    expect(await found(engine, 'tax')).toBe('old')
    write('tax.lua', 'return "new"')
    await Promise.all([becomes(engine, 'tax', 'new'), becomes(engine, 'inner.a', 'none')])
    write('tax.lua', 'return "newer"')
    await becomes(engine, 'tax', 'newer')
    expect(told.length).toBe(1)
  })

  test('a link that is led to another place', async () => {
    const both = folderWith({
      'one/a.lua': 'return 1',
      'two/a.lua': 'return 2',
      'two/b.lua': 'return 2',
      now: { to: 'one' },
    })
    const now = path.join(both, 'now')
    const engine = engineWith()
    expect(await engine.addModules(pathToFileURL(now), { watch: true })).toEqual(['a'])
    fs.symlinkSync('two', path.join(both, 'next'))
    fs.renameSync(path.join(both, 'next'), now)
    await Promise.all([becomes(engine, 'a', '2'), becomes(engine, 'b', '2')])
    fs.writeFileSync(path.join(both, 'two/a.lua'), 'return 3')
    await becomes(engine, 'a', '3')
  })
})

describe('what is not its own', () => {
  test('a name that the engine has already stays, and it is told', async () => {
    const { engine, told, write } = await watching({ 'a.lua': '' }, engineWithModules({ tax: 'return "first"' }))
    write('tax.lua', 'return "second"')
    await tells(told)
    expect(told[0]).toMatchObject({
      name: 'tax',
      error: { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining("'tax'") },
    })
    expect(await found(engine, 'tax')).toBe('first')
  })

  test('what you have replaced or removed meanwhile', async () => {
    const { engine, folder, told, write } = await watching({ 'a.lua': 'return "file"', 'b.lua': 'return "file"' })
    engine.addModule('a', 'return "mine"', { replace: true })
    engine.removeModule('b')
    write('c.lua', 'return "c"')
    await becomes(engine, 'c', 'c')
    expect([await found(engine, 'a'), await found(engine, 'b')]).toEqual(['mine', 'none'])
    fs.rmSync(path.join(folder, 'a.lua'))
    fs.rmSync(path.join(folder, 'c.lua'))
    await becomes(engine, 'c', 'none')
    expect(await found(engine, 'a')).toBe('mine')
    write('b.lua', 'return "again"')
    await becomes(engine, 'b', 'again')
    expect(told).toEqual([])
  })

  test('a link that leaves the folder, and two files for one name, are told', async () => {
    const { engine, folder, told, write } = await watching({ 'a.lua': 'return "a"' })
    const outside = folderWith({ 'x.lua': 'return "SECRET"' })
    fs.symlinkSync(path.join(outside, 'x.lua'), path.join(folder, 'x.lua'))
    await tells(told)
    expect(told[0].error.message).toContain('leaves the folder')
    write('a/init.lua', 'return "second"')
    await tells(told, 2)
    expect(told[1].error.message).toContain('two files for the module')
    expect([await found(engine, 'a'), await found(engine, 'x')]).toEqual(['a', 'none'])
  })
})

test('close ends it, also while it looks', async () => {
  const engine = new Engine()
  const { told, write } = await watching({ 'a.lua': '' }, engine)
  write('b.lua', '=')
  const closed = engine.close()
  write('c.lua', '=')
  await closed
  await later(200)
  expect(told).toEqual([])
})

test('a first look that fails watches nothing', async () => {
  const engine = engineWith()
  const folder = folderWith({ 'bad.lua': '=' })
  expect(await rejection(engine.addModules(folder, { watch: true }))).toMatchObject({ code: 'ERR_LUA_SYNTAX' })
  fs.writeFileSync(path.join(folder, 'bad.lua'), 'return 1')
  await later(150)
  expect(await found(engine, 'bad')).toBe('none')
})

test('options are checked', async () => {
  for (const options of [{ watch: 'yes' }, { watched: true }, 5]) {
    expect(await rejection(engineWith().addModules(folderWith({}), options))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    })
  }
})

test('it keeps no process alive, and a listener that throws is nobody’s but its own', async () => {
  const folder = folderWith({ 'a.lua': 'return 1' })
  const program = `
    const { Engine } = require(${JSON.stringify(ROOT)})
    const fs = require('node:fs')
    const engine = new Engine()
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    engine.on('moduleError', () => { throw new Error('mine') })
    engine.addModules(${JSON.stringify(folder)}, { watch: true }).then(async (names) => {
      console.log(names.join())
      fs.writeFileSync(${JSON.stringify(path.join(folder, 'a.lua'))}, '=')
      await new Promise((resolve) => setTimeout(resolve, 300))
      console.log(await engine.runLua('return require("a")', 'x'))
    })`
  const { stdout, stderr } = await runProgram(program)
  expect([stdout.split('\\n').join(), stderr]).toEqual(['a\nuncaught mine\n1\n', ''])
})
