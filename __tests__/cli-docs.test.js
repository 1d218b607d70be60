// The examples of docs/cli.md: each prints what the page says that it does.
'use strict'

const { execFile, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./support/child')
const { PROGRAM } = require('./support/cli')
const { folderWith } = require('./support/files')
const { testIf } = require('./support/test-if')

const page = fs.readFileSync(path.join(ROOT, 'docs/cli.md'), 'utf8')
const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block]) => block)

/** The commands of a block, each with what it prints. */
function commandsOf(block) {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command, ...lines] = part.split('\n')
      return { command, printed: lines.join('\n') }
    })
}

/** Executes a line in bash. What it prints to either output comes together. */
function execute(line, cwd) {
  const bash = `npx() { shift; '${process.execPath}' '${PROGRAM}' "$@"; }; { ${line}\n} 2>&1`
  const env = { ...process.env, NO_COLOR: '1' }
  delete env.FORCE_COLOR
  return new Promise((resolve) => execFile('bash', ['-c', bash], { cwd, env }, (_error, stdout) => resolve(stdout)))
}

const hasBash = spawnSync('bash', ['-c', 'true']).status === 0

testIf(hasBash)('each example prints what the page says', async () => {
  expect(blocks.length).toBeGreaterThanOrEqual(5)
  await Promise.all(
    blocks.map(async (block) => {
      const folder = folderWith()
      for (const { command, printed } of commandsOf(block)) {
        // What `cat` shows is what the other commands find.
        const [, file] = /^cat (\S+)$/.exec(command) ?? []
        if (file) fs.writeFileSync(path.join(folder, file), printed)
        else expect({ command, printed: await execute(command, folder) }).toEqual({ command, printed })
      }
    }),
  )
})

test('the page names every command and every option', () => {
  const { COMMANDS } = require('../lib/cli/commands')
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    expect(page).toContain(`\n## ${name}\n`)
    for (const option of Object.keys(load().options)) expect(page).toContain(`--${option}`)
  }
})
