// Packages that only some users install: one that is missing is named, with the way to get it; one that is broken speaks for itself.
'use strict'

const path = require('node:path')
const { peerDependencies, peerDependenciesMeta } = require('../package.json')
const { ROOT, runProgram } = require('./support/child')
const { folderWith } = require('./support/files')
const { ADDON, addonPackage, installed } = require('./support/installed')

/** What each package does when it is loaded. */
const PACKAGES = {
  whole: 'exports.red = 1',
  throwing: 'throw new Error("no such colour")',
  odd: 'throw undefined',
  lying: 'throw { code: "MODULE_NOT_FOUND" }',
  torn: 'colour(',
  needy: 'require("paint")',
  incomplete: 'require("incomplete/red.js")',
  // What Yarn's Plug'n'Play throws.
  unplugged: `throw Object.assign(new Error("moonpool tried to access unplugged (a peer dependency) but it isn't provided by \
your application; this makes the require call ambiguous and unsound."), { code: 'MODULE_NOT_FOUND' })`,
}

/** How each of these packages loads, in a process of its own: what it exports, or what it throws. */
async function loaded(names) {
  const files = Object.entries(PACKAGES).map(([name, source]) => [`node_modules/${name}/index.js`, source])
  const folder = folderWith(Object.fromEntries(files))
  const { stdout, stderr } = await runProgram(`
    const { peer } = require(${JSON.stringify(path.join(ROOT, 'lib/peer.js'))})
    const load = require('node:module').createRequire(${JSON.stringify(path.join(folder, 'program.js'))})
    const outcome = (name) => {
      try {
        return { exports: peer(name, 'moonpool/door', () => load(name)) }
      } catch (error) {
        return { thrown: true, code: error?.code, message: error?.message, cause: error?.cause?.code }
      }
    }
    console.log(JSON.stringify(${JSON.stringify(names)}.map(outcome)))`)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

test('a package that is there is what it exports', async () => {
  expect(await loaded(['whole'])).toEqual([{ exports: { red: 1 } }])
})

test('one that is missing is named, with the command that installs it', async () => {
  const names = ['absent', '@paint/absent', 'unplugged']
  const expected = names.map((name) => ({
    thrown: true,
    code: 'MODULE_NOT_FOUND',
    message: `moonpool/door needs the package ${name}, which is not installed: npm install ${name}`,
    cause: 'MODULE_NOT_FOUND',
  }))
  expect(await loaded(names)).toEqual(expected)
})

test('one that is there but cannot be loaded says itself why', async () => {
  expect(await loaded(['throwing', 'odd', 'lying', 'torn', 'needy', 'incomplete'])).toEqual([
    { thrown: true, message: 'no such colour' },
    { thrown: true },
    { thrown: true, code: 'MODULE_NOT_FOUND' },
    { thrown: true, message: 'Unexpected end of input' },
    { thrown: true, code: 'MODULE_NOT_FOUND', message: expect.stringMatching(/^Cannot find module 'paint'/) },
    {
      thrown: true,
      code: 'MODULE_NOT_FOUND',
      message: expect.stringMatching(/^Cannot find module 'incomplete.red.js'/),
    },
  ])
})

const DOORS = {
  '@opentelemetry/api': 'moonpool/opentelemetry',
  bullmq: 'moonpool/bullmq',
  'prom-client': 'moonpool/prometheus',
}

test('each such package may be missing, and has a door', () => {
  expect(Object.keys(peerDependencies)).toEqual(Object.keys(DOORS))
  for (const name of Object.keys(DOORS)) expect(peerDependenciesMeta[name]).toEqual({ optional: true })
})

test('without them moonpool runs, and each door says what it needs, to require() and to import', async () => {
  const folder = installed(addonPackage({ to: ADDON }))
  const doors = Object.values(DOORS).map((door) => path.join(folder, path.basename(door)))
  const { stdout } = await runProgram(`
    const says = (error) => console.log(error.message)
    // Node.js 20 reports what a module has thrown to who imports it, and once more to the process.
    process.on('uncaughtException', () => {})
    async function all() {
      console.log(await require(${JSON.stringify(folder)}).runLua('return 1', 'x'))
      for (const door of ${JSON.stringify(doors)}) {
        try { require(door) } catch (error) { says(error) }
        await import(door + '.mjs').catch(says)
      }
    }
    all()`)
  const lines = Object.entries(DOORS).flatMap(([name, door]) => {
    const message = `${door} needs the package ${name}, which is not installed: npm install ${name}`
    return [message, message]
  })
  expect(stdout).toBe(`1\n${lines.join('\n')}\n`)
})
