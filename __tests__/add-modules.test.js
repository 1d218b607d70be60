// addModules: the modules in a folder, all of them or none, and nothing outside of it.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { engineWith, engineWithModules } = require('./support/engine')
const { folderWith } = require('./support/files')
const { rejection } = require('./support/rejection')
const { isRoot, testIf, unixTest } = require('./support/test-if')

describe('addModules', () => {
  test('every *.lua file below a folder, with dotted names, sorted', async () => {
    const folder = folderWith({
      'main.lua': 'return require("rules") .. require("rules.price") .. require("rules.tax.eu")',
      'rules/init.lua': 'return "r"',
      'rules/price.lua': 'return "p"',
      'rules/tax/eu.lua': 'return ...',
      'init.lua': 'return "root"',
      'rules/notes.txt': 'not Lua',
      'rules/price.lua.bak': 'not Lua',
      'UPPER.LUA': 'not Lua',
      'empty/inner': null,
    })
    for (const place of [folder, `${folder}/`, pathToFileURL(folder), path.relative(process.cwd(), folder)]) {
      const engine = engineWith()
      expect(await engine.addModules(place)).toEqual(['init', 'main', 'rules', 'rules.price', 'rules.tax.eu'])
      expect(await engine.runLua('return require("main"), require("init")', 'x')).toBe('rprules.tax.eu\troot')
    }
  })

  test('an empty folder has none', async () => {
    expect(await engineWith().addModules(folderWith({}))).toEqual([])
  })

  test('names with odd characters, and files of their kind', async () => {
    const engine = engineWith()
    const names = await engine.addModules(
      folderWith({ 'a b.lua': '', 'é.lua': '', "it's/x-y.lua": 'return ...', '.hidden.lua': '', 'a..b.lua': '' }),
    )
    expect(names).toEqual(['.hidden', 'a b', 'a..b', "it's.x-y", 'é'].sort())
    expect(await engine.run('return require(...)', 'x', { args: ["it's.x-y"] })).toMatchObject({ value: "it's.x-y" })
  })

  test.each([
    [
      'a syntax error in one of them',
      { 'a.lua': 'return 1', 'b.lua': 'local = 1', 'c.lua': '' },
      { code: 'ERR_LUA_SYNTAX', chunk: 'b' },
    ],
    [
      'two files for one name',
      { 'a.lua': '', 'rules.lua': '', 'rules/init.lua': '' },
      { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining("'rules'") },
    ],
    [
      'two files for one name, by a dot',
      { 'a.lua': '', 'x.y.lua': '', 'x/y.lua': '' },
      { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining("'x.y'") },
    ],
    [
      'a name that is too long',
      { 'a.lua': '', [`${'x'.repeat(150)}/${'y'.repeat(150)}.lua`]: '' },
      { code: 'ERR_INVALID_ARG_VALUE' },
    ],
    ['a name with a control character', { 'a.lua': '', 'b\n.lua': '' }, { code: 'ERR_INVALID_ARG_VALUE' }],
    ['a file without a name', { 'a.lua': '', '.lua': '' }, { code: 'ERR_INVALID_ARG_VALUE' }],
    [
      'a file that is too long',
      { 'a.lua': '', 'b.lua': '-'.repeat(2 ** 20 + 1) },
      { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining('maxSource') },
    ],
    ['compiled Lua', { 'a.lua': '', 'b.lua': '\x1bLua' }, { code: 'ERR_LUA_SYNTAX' }],
    [
      'a name that is taken',
      { 'a.lua': '', 'taken.lua': '' },
      { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining("'taken'") },
    ],
  ])('none, when there is %s', async (_what, files, failure) => {
    const engine = engineWithModules({ taken: 'return "first"' })
    expect(await rejection(engine.addModules(folderWith(files)))).toMatchObject(failure)
    expect((await rejection(engine.runLua('require("a")', 'x'))).message).toBe(
      "x:1: there is no module 'a' (there are 'taken')",
    )
    expect(await engine.runLua('return require("taken")', 'x')).toBe('first')
    engine.addModule('a', 'return "free"')
    expect(await engine.runLua('return require("a")', 'x')).toBe('free')
  })

  test('links within the folder are followed', async () => {
    const folder = folderWith({ 'real/a.lua': 'return ...', 'link.lua': { to: 'real/a.lua' }, linked: { to: 'real' } })
    const engine = engineWith()
    expect(await engine.addModules(folder)).toEqual(['link', 'linked.a', 'real.a'])
    expect(await engine.runLua('return require("link"), require("linked.a")', 'x')).toBe('link\tlinked.a')
  })

  test('the folder itself may be a link', async () => {
    const folder = folderWith({ 'real/a.lua': '', link: { to: 'real' } })
    expect(await engineWith().addModules(path.join(folder, 'link'))).toEqual(['a'])
  })

  test.each([
    ['a file', { 'x.lua': 'SECRET' }, 'x.lua', 'link.lua'],
    ['a folder', { 'inner/x.lua': 'SECRET' }, 'inner', 'link'],
    ['the folder above', {}, '', 'up'],
    ['a file that is no Lua', { 'x.txt': 'SECRET' }, 'x.txt', 'x.txt'],
  ])('a link to %s outside is refused, and none is added', async (_what, files, target, link) => {
    const outside = folderWith({ ...files, 'within/a.lua': '' })
    const within = path.join(outside, 'within')
    for (const to of [path.join(outside, target), path.join('..', target)]) {
      fs.rmSync(path.join(within, link), { force: true })
      fs.symlinkSync(to, path.join(within, link))
      const engine = engineWith()
      const error = await rejection(engine.addModules(within))
      expect(error).toBeInstanceOf(RangeError)
      expect(error).toMatchObject({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringContaining('leaves the folder'),
      })
      expect((await rejection(engine.runLua('require("a")', 'x'))).message).toContain('there are none')
    }
  })

  test('a link to a folder whose name begins alike is outside', async () => {
    const both = folderWith({
      'rules/a.lua': '',
      'rules-secret/x.lua': '',
      'rules/link.lua': { to: '../rules-secret/x.lua' },
    })
    expect((await rejection(engineWith().addModules(path.join(both, 'rules')))).message).toContain('leaves the folder')
  })

  test('a link through a link that leaves', async () => {
    const both = folderWith({
      'secret/x.lua': '',
      'rules/hop': { to: '../secret' },
      'rules/link.lua': { to: 'hop/x.lua' },
    })
    expect((await rejection(engineWith().addModules(path.join(both, 'rules')))).message).toContain('leaves the folder')
  })

  test.each([
    ['to its own folder', { 'a.lua': '', loop: { to: '.' } }, /leads back/],
    ['to a folder above', { 'a.lua': '', 'deep/er/loop': { to: '../..' } }, /leads back/],
    ['to each other', { 'a.lua': '', 'x/y': { to: '../z' }, 'z/w': { to: '../x' } }, /leads back/],
  ])('links in circles: %s', async (_what, files, message) => {
    expect((await rejection(engineWith().addModules(folderWith(files)))).message).toMatch(message)
  })

  test('links to themselves and to nothing', async () => {
    expect(await rejection(engineWith().addModules(folderWith({ 'self.lua': { to: 'self.lua' } })))).toMatchObject({
      code: 'ELOOP',
      path: expect.stringContaining('self.lua'),
    })
    expect(await rejection(engineWith().addModules(folderWith({ 'gone.lua': { to: 'nowhere.lua' } })))).toMatchObject({
      code: 'ENOENT',
      path: expect.stringContaining('gone.lua'),
    })
  })

  test('a folder that is missing, or is a file', async () => {
    const folder = folderWith({ 'a.lua': '' })
    expect(await rejection(engineWith().addModules(path.join(folder, 'none')))).toMatchObject({
      code: 'ENOENT',
      path: path.join(folder, 'none'),
    })
    expect(await rejection(engineWith().addModules(path.join(folder, 'a.lua')))).toMatchObject({ code: 'ENOTDIR' })
  })

  testIf(!isRoot && process.platform !== 'win32')('a folder or a file that must not be read', async () => {
    for (const locked of ['inner', 'b.lua']) {
      const folder = folderWith({ 'a.lua': '', 'inner/c.lua': '', 'b.lua': '' })
      fs.chmodSync(path.join(folder, locked), 0)
      expect(await rejection(engineWith().addModules(folder))).toMatchObject({ code: 'EACCES' })
      fs.chmodSync(path.join(folder, locked), 0o700)
    }
  })

  unixTest('a pipe of that name is no file, and nobody waits for its other end', async () => {
    const folder = folderWith({ 'a.lua': '' })
    execFileSync('mkfifo', [path.join(folder, 'pipe.lua')])
    const outcome = await engineWith()
      .addModules(folder)
      .catch((error) => error.code)
    expect([['a'], 'ERR_INVALID_ARG_VALUE']).toContainEqual(outcome)
  })

  test.each([undefined, null, 1, {}, ['a'], Buffer.from('a')])('%p is no folder', async (folder) => {
    const error = await rejection(engineWith().addModules(folder))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE')
  })

  test.each(['', 'a\0b', new URL('http://a/b')])('%p is refused', async (folder) => {
    expect(await rejection(engineWith().addModules(folder))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  })

  test('files are read when they are added, and not again', async () => {
    const folder = folderWith({ 'a.lua': 'return 1' })
    const engine = engineWith()
    await engine.addModules(folder)
    fs.writeFileSync(path.join(folder, 'a.lua'), 'return 2')
    expect(await engine.runLua('return require("a")', 'x')).toBe('1')
  })

  test('no path of the host is in what scripts see', async () => {
    const folder = folderWith({ 'deep/m.lua': '\nerror("here")' })
    const engine = engineWith()
    await engine.addModules(folder)
    const error = await rejection(engine.runLua('require("deep.m")', 'x'))
    expect(error.message).toBe('deep.m:2: here')
    expect(error.luaStack).not.toContain(folder)
    expect(error.luaStack).not.toContain('/')
  })

  test('two folders at once that have one name: one of them is added', async () => {
    const engine = engineWith()
    const [one, two] = [
      folderWith({ 'a.lua': 'return 1', 'b.lua': '' }),
      folderWith({ 'a.lua': 'return 2', 'c.lua': '' }),
    ]
    const ends = await Promise.allSettled([engine.addModules(one), engine.addModules(two)])
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const { message } = await rejection(engine.runLua('require("none")', 'x'))
    expect(message).toMatch(/there are 'a', '[bc]'\)/)
  })
})
