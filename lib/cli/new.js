// moonpool new: begins a project that runs, with a script, its test, and settings for editors.
'use strict'

const { mkdirSync, readFileSync, readdirSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { version } = require('../../package.json')
const { fail, say } = require('./terminal')
const { bold } = require('./paint')

const OK = 0
const FAILED = 1

/** As npm takes them: what the folder is called, as far as that may stand in a name. */
function nameOf(folder) {
  const name = path
    .basename(path.resolve(folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9._~-]+/g, '-')
    .replace(/^[._-]+/, '')
  return name.slice(0, 100) || 'scripts'
}

const template = (name) => readFileSync(path.join(__dirname, 'template', name), 'utf8')
const json = (value) => `${JSON.stringify(value, null, 2)}\n`

/** What is in the project, by its path. */
function filesOf(name) {
  return {
    'package.json': json({
      name,
      version: '0.0.0',
      private: true,
      main: 'index.js',
      scripts: {
        start: 'node index.js',
        test: 'jest',
        check: 'moonpool check scripts',
      },
      dependencies: { moonpool: `^${version}` },
      devDependencies: { jest: '^30.0.0' },
    }),
    // What types/moonpool.lua asks for.
    '.luarc.json': json({
      'runtime.version': 'Lua 5.4',
      'workspace.library': ['node_modules/moonpool/types', 'types'],
      'runtime.builtin': Object.fromEntries(
        ['basic', 'coroutine', 'debug', 'io', 'math', 'os', 'package', 'string', 'table', 'utf8'].map((library) => [
          library,
          'disable',
        ]),
      ),
    }),
    '.gitignore': 'node_modules/\n',
    'README.md': `# ${name}\n\n\`npm start\` runs scripts/discount.lua, \`npm test\` tests it, and \`npm run check\` looks for mistakes in it.\n`,
    'index.js': template('index.js'),
    'scripts/discount.lua': template('discount.lua'),
    'tests/discount.test.js': template('discount.test.js'),
    'types/host.lua': template('host.lua'),
  }
}

/** Returns the exit code. */
function run([folder]) {
  try {
    mkdirSync(folder, { recursive: true })
    if (readdirSync(folder).length > 0) {
      fail(`the folder '${folder}' is not empty: nothing was changed`)
      return FAILED
    }
    for (const [file, text] of Object.entries(filesOf(nameOf(folder)))) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
      // Whatever has come there meanwhile stays.
      writeFileSync(path.join(folder, file), text, { flag: 'wx' })
      say(`${path.join(folder, file)}\n`)
    }
  } catch (error) {
    if (error.syscall === undefined) throw error
    fail(`'${folder}' cannot be written: ${error.message}`)
    return FAILED
  }
  say(`\nNow:\n  ${bold(`cd ${folder}`)}\n  ${bold('npm install')}\n  ${bold('npm test')}\n`)
  return OK
}

module.exports = {
  usage: 'DIR',
  about:
    'Begins a project in the new or empty folder DIR: a script, the program that runs it, a test, and settings for editors.',
  operands: [1, 1],
  options: {},
  exitCodes: { 0: 'all is well', 1: 'the folder is not empty, or cannot be written', 2: 'the command is wrong' },
  run,
}
