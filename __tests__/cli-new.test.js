// moonpool new, whose projects must run; and moonpool completion, whose output a shell must understand.
'use strict'

const { execFile, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')
const { ROOT } = require('./support/child')
const { cli } = require('./support/cli')
const { folderWith } = require('./support/files')
const { testIf } = require('./support/test-if')

const execute = promisify(execFile)
const has = (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0

test('a new project runs, passes its tests, and has nothing that check finds', async () => {
  const folder = path.join(folderWith(), 'My Rules')
  const { exitCode, stdout } = await cli(['new', folder])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('npm install')
  const { name, dependencies } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
  expect({ name, dependencies }).toEqual({
    name: 'my-rules',
    dependencies: { moonpool: `^${require('../package.json').version}` },
  })
  fs.mkdirSync(path.join(folder, 'node_modules'))
  fs.symlinkSync(ROOT, path.join(folder, 'node_modules/moonpool'))
  const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js')
  const [run, tests, checked] = await Promise.all([
    execute(process.execPath, ['index.js'], { cwd: folder }),
    execute(process.execPath, [jest], { cwd: folder }),
    cli(['check', '--modules', 'scripts', 'scripts'], { cwd: folder }),
  ])
  expect(run.stdout).toBe('{ number: 1, pay: 30 }\n')
  expect(tests.stderr).toContain('3 passed')
  expect(checked).toMatchObject({ exitCode: 0, stdout: '1 file checked: nothing is wrong\n' })
})

test('the settings for editors are those that the types ask for', async () => {
  const folder = path.join(folderWith(), 'project')
  await cli(['new', folder])
  const settings = JSON.parse(fs.readFileSync(path.join(folder, '.luarc.json'), 'utf8'))
  const asked = /In \.luarc\.json:\n--\n((?:-- {3}.*\n)+)/.exec(
    fs.readFileSync(path.join(ROOT, 'types/moonpool.lua'), 'utf8'),
  )
  const { 'workspace.library': library, ...rest } = JSON.parse(asked[1].replaceAll(/^-- /gm, ''))
  expect(settings).toEqual({ ...rest, 'workspace.library': [...library, 'types'] })
})

test('a folder with something in it is left alone', async () => {
  const folder = folderWith({ 'mine.txt': 'mine' })
  const { exitCode, stderr } = await cli(['new', folder])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('is not empty: nothing was changed')
  expect(fs.readdirSync(folder)).toEqual(['mine.txt'])
  expect(await cli(['new', path.join(folder, 'mine.txt')])).toMatchObject({ exitCode: 1, stdout: '' })
})

testIf(has('bash'))('bash completes commands, options and files', async () => {
  const { stdout } = await cli(['completion', 'bash'])
  const file = path.join(folderWith({ completion: stdout }), 'completion')
  const completed = async (...words) => {
    const line = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _moonpool; echo "\${COMPREPLY[@]}"`
    return (await execute('bash', ['-c', line, 'bash', file, 'moonpool', ...words], { cwd: ROOT })).stdout.trim()
  }
  expect(await completed('c')).toBe('check completion')
  expect(await completed('run', '--time')).toBe('--timeout')
  expect(await completed('serve', '--no')).toBe('--no-open --no-color')
  expect(await completed('completion', '')).toBe('bash zsh')
  expect(await completed('run', 'package.j')).toBe('package.json')
})

testIf(has('zsh'))('zsh understands its completion', async () => {
  const { stdout } = await cli(['completion', 'zsh'])
  const file = path.join(folderWith({ completion: stdout }), 'completion')
  expect((await execute('zsh', ['-n', file])).stderr).toBe('')
})
