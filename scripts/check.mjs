// npm run check: set-up, then every linter and every check that is not a test. One that fails does not stop the others.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { staleGenerated } from './addon.mjs'
import { denyCrates } from './deny.mjs'
import { root, run, tool } from './run.mjs'
import { setup } from './setup.mjs'

const cargo = (args, env) => run('cargo', args, { env })
const clippy = (...features) =>
  cargo(['clippy', '--workspace', '--all-targets', '--locked', '--quiet', ...features, '--', '-D', 'warnings'])

/** The scripts that npm would run by itself when somebody installs the package. */
function installScripts() {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  return Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare|prepublish)$/.test(name))
}

function report(problems) {
  for (const problem of problems) console.error(problem)
  return problems.length
}

const CHECKS = {
  'JavaScript, TypeScript and JSON: format and lint': () =>
    run(
      ...tool(
        '@biomejs/biome/bin/biome',
        'ci',
        '--error-on-warnings',
        ...(process.stdout.isTTY ? [] : ['--colors=off']),
      ),
    ),
  'Rust: format': () => cargo(['fmt', '--all', '--check']),
  'Rust: lint': () => clippy(),
  'Rust: lint, with the benchmarks': () => clippy('--features', 'bench'),
  'Rust: documentation': () =>
    cargo(['doc', '--workspace', '--no-deps', '--locked', '--quiet'], { RUSTDOCFLAGS: '-D warnings' }),
  'Rust: licences, duplicates and sources of crates': denyCrates,
  'types: right uses compile, wrong ones do not': () => run(...tool('typescript/bin/tsc', '-p', '__tests__/types')),
  'package: every way to load it finds its code': () => run(...tool('publint/src/cli.js', '--strict')),
  'package: every way to load it finds its types': () =>
    run(...tool('@arethetypeswrong/cli/dist/index.js', '--pack', '.', '--format', 'ascii', '--no-emoji', '--no-color')),
  'documents: every example runs': () => run(process.execPath, ['scripts/check-docs.mjs']),
  'generated files are up to date': () =>
    report(staleGenerated().map((file) => `${file} is out of date: run npm run build, and commit it`)),
  'installing runs no script': () => report(installScripts().map((name) => `package.json has a script '${name}'`)),
}

await setup()
const failed = []
for (const [name, check] of Object.entries(CHECKS)) {
  console.log(`check: ${name}`)
  if ((await check()) !== 0) failed.push(name)
}
for (const name of failed) console.error(`failed: ${name}`)
process.exitCode = failed.length === 0 ? 0 : 1
