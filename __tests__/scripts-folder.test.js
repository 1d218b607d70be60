// addScripts: the scripts of a folder, and one that is watched. The rest is as for modules, by the same code.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { engineWith } = require('./support/engine')
const { folderWith } = require('./support/files')
const { rejection } = require('./support/rejection')

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function becomes(engine, name, wanted) {
  for (;;) {
    const [found] = await engine.callScript(name).then(
      ({ values }) => values,
      ({ code }) => [code],
    )
    if (found === wanted) return
    await later(5)
  }
}

test('every *.lua file below a folder, with dotted names, all with the same options', async () => {
  const folder = folderWith({
    'main.lua': 'return scripts.call("jobs.daily.one"), script.caller',
    'jobs/daily/one.lua': 'return script.id, ...',
    'jobs/init.lua': 'return limit',
    'notes.txt': '',
  })
  const engine = engineWith()
  const names = await engine.addScripts(folder, { callers: ['x', 'main'], globals: { limit: 5 } })
  expect(names).toEqual(['jobs', 'jobs.daily.one', 'main'])
  expect((await engine.run('return scripts.call("main")', 'x')).values).toEqual(['jobs.daily.one', 'x'])
  expect((await engine.callScript('jobs')).value).toBe(5)
  const one = engineWith()
  await one.addScripts(folder, { scriptId: 'shared' })
  expect((await one.callScript('jobs.daily.one', [1])).values).toEqual(['shared', 1])
})

test.each([
  ['a syntax error in one of them', { 'a.lua': '', 'b.lua': 'x =' }, { code: 'ERR_LUA_SYNTAX', chunk: 'b' }],
  [
    'two files for one name',
    { 'a.lua': '', 'a/init.lua': '' },
    { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining("two files for the script 'a'") },
  ],
  [
    'a name that is too long',
    { 'a.lua': '', [`${'x'.repeat(150)}/${'y'.repeat(150)}.lua`]: '' },
    { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining('The script name of') },
  ],
  [
    'a name that is taken',
    { 'a.lua': '', 'taken.lua': '' },
    { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining("'taken', of which there is a script already") },
  ],
])('none, when there is %s', async (_what, files, failure) => {
  const engine = engineWith()
  engine.addScript('taken', 'return "kept"')
  expect(await rejection(engine.addScripts(folderWith(files)))).toMatchObject(failure)
  expect(engine.removeScript('a')).toBe(false)
  expect((await engine.callScript('taken')).value).toBe('kept')
})

test('one that is watched: files that change, appear, vanish and do not compile', async () => {
  const folder = folderWith({ 'a.lua': 'return "old", script.id' })
  const write = (file, source) => fs.writeFileSync(path.join(folder, file), source)
  const engine = engineWith()
  const told = []
  engine.on('scriptError', (error, name) => told.push([name, error.code, error.line]))
  engine.on('moduleError', () => told.push('moduleError'))
  await engine.addScripts(folder, { watch: true, scriptId: 'jobs', callers: ['x'] })
  write('a.lua', 'return "new", script.id')
  write('b.lua', 'return "b"')
  await Promise.all([becomes(engine, 'a', 'new'), becomes(engine, 'b', 'b')])
  expect((await engine.callScript('a')).values).toEqual(['new', 'jobs'])
  expect((await engine.run('return scripts.list()', 'x')).value).toEqual(['a', 'b'])
  write('a.lua', 'return\n=')
  while (told.length === 0) await later(5)
  expect(told).toEqual([['a', 'ERR_LUA_SYNTAX', 2]])
  expect((await engine.callScript('a')).values).toEqual(['new', 'jobs'])
  fs.rmSync(path.join(folder, 'b.lua'))
  await becomes(engine, 'b', 'ERR_SCRIPT_UNKNOWN')
  write('a.lua', 'return "mended"')
  await becomes(engine, 'a', 'mended')
  expect(told).toHaveLength(1)
})
